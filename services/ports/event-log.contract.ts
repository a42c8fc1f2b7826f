import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { isKind } from "../domain/errors.ts";
import { LOG_MESSAGE_BYTES_MAX } from "../domain/limits.ts";
import type { Delivery, EventLog, EventLogReader, LogMessage } from "./event-log.ts";

/** A log under test, and its reader. */
export interface EventLogHarness {
  /** Empty, with three partitions. */
  log: EventLog;
  reader: EventLogReader;
  /** Removes what the test wrote, and closes the log where the test has not. */
  close(): Promise<void>;
}

const WAIT_MS_MAX = 30_000;

/** What every EventLog and its EventLogReader must do, whatever they are made of. */
export function eventLogContract(adapterName: string, make: () => Promise<EventLogHarness>): void {
  describe(`${adapterName} keeps the EventLog contract`, () => {
    let harness: EventLogHarness;
    let group: string;
    beforeEach(async () => {
      harness = await make();
      group = `group-${randomUUID()}`;
    });
    afterEach(() => harness.close());

    /** Reads until the test ends. */
    const read = async (settle: (delivery: Delivery) => Promise<void>, ofGroup = group) => {
      const reading = await harness.reader.read(ofGroup, settle);
      onTestFinished(() => reading.stop());
      return reading;
    };
    /** Reads that many messages and stops. */
    const readSome = async (count: number, ofGroup = group) => {
      const found: LogMessage[] = [];
      const reading = await read(async (delivery) => void found.push(...delivery.messages), ofGroup);
      await until(() => found.length >= count);
      await reading.stop();
      return found;
    };

    it("gives back what was appended, in order and byte for byte", async () => {
      const batches = [randomBytes(10), randomBytes(100_000), new Uint8Array(0), Buffer.from("\0ÿ\n😀")];
      for (const batch of batches) await harness.log.append(1, [batch]);
      const found = await readSome(batches.length);
      expect(found.map(({ partition, offset }) => [partition, offset])).toEqual([0n, 1n, 2n, 3n].map((at) => [1, at]));
      expect(found.map(({ bytes }) => hex(bytes))).toEqual(batches.map(hex));
    });

    it("keeps batches that are appended together in their order", async () => {
      const batches = numbered(64);
      await harness.log.append(0, batches);
      await harness.log.append(0, []);
      await harness.log.append(0, numbered(1, 64));
      const found = await readSome(65);
      expect(found.map(({ bytes }) => text(bytes))).toEqual(numbered(65).map(text));
      expect(found.map(({ offset }) => offset)).toEqual(numbered(65).map((_, at) => BigInt(at)));
    });

    it("keeps each of 3,000 appends, a thousand at once, exactly once", async () => {
      const batches = numbered(3_000);
      for (const from of [0, 1_000, 2_000]) {
        const wave = batches.slice(from, from + 1_000);
        await Promise.all(wave.map((batch) => harness.log.append(Number(text(batch)) % 3, [batch])));
      }
      const found = await readSome(3_000);
      expect(found.map(({ bytes }) => text(bytes)).sort()).toEqual(batches.map(text).sort());
      expect(new Set(found.map(({ partition, offset }) => `${partition}@${offset}`)).size).toBe(3_000);
      expect(found.every(({ partition, bytes }) => Number(text(bytes)) % 3 === partition)).toBe(true);
    });

    it("keeps the largest message there can be, and not the caller's later changes of it", async () => {
      const batch = randomBytes(LOG_MESSAGE_BYTES_MAX);
      const before = Buffer.from(batch);
      await harness.log.append(2, [batch]);
      batch.fill(0);
      const [found] = await readSome(1);
      expect(before.equals(found!.bytes)).toBe(true);
    });

    it("starts a new group at the earliest message, and each group on its own", async () => {
      await harness.log.append(0, numbered(5));
      expect(await readSome(5)).toHaveLength(5);
      expect(await readSome(5, `${group}-another`)).toHaveLength(5);
    });

    it("goes on behind what the group has settled", async () => {
      await harness.log.append(0, numbered(5));
      await readSome(5);
      await harness.log.append(0, numbered(2, 5));
      expect((await readSome(2)).map(({ bytes }) => text(bytes))).toEqual(["5", "6"]);
    });

    it("delivers again what was not settled, and meanwhile the other partitions", async () => {
      await harness.log.append(0, numbered(3));
      await harness.log.append(1, numbered(1, 100));
      const tries: string[][] = [];
      const others: string[] = [];
      await read(async ({ partition, messages }) => {
        if (partition !== 0) return void others.push(...messages.map(({ bytes }) => text(bytes)));
        tries.push(messages.map(({ bytes }) => text(bytes)));
        if (tries.length < 4) throw new Error("not settled, says the test");
      });
      await until(() => tries.length === 4 && others.length === 1);
      expect(tries.map((messages) => messages[0])).toEqual(["0", "0", "0", "0"]);
      await harness.log.append(0, numbered(1, 3));
      await until(() => tries.flat().includes("3"));
      expect(tries.slice(3).flat()).toEqual(["0", "1", "2", "3"]);
    });

    it("has one delivery of a partition in hand, and those of others side by side", async () => {
      for (const partition of [0, 1, 2]) await harness.log.append(partition, numbered(1));
      const busy = new Set<number>();
      let mostAtOnce = 0;
      let settled = 0;
      await read(async ({ partition, messages }) => {
        expect(busy.has(partition)).toBe(false);
        busy.add(partition);
        mostAtOnce = Math.max(mostAtOnce, busy.size);
        await sleep(200);
        busy.delete(partition);
        settled += messages.length;
      });
      for (let at = 0; at < 10; at++) await harness.log.append(at % 3, numbered(1));
      await until(() => settled === 13);
      expect(mostAtOnce).toBeGreaterThan(1);
    });

    it("waits, when stopped, for what is being settled, and does not deliver it again", async () => {
      await harness.log.append(0, numbered(2));
      let signal: AbortSignal | undefined;
      let done = false;
      const reading = await read(async (delivery) => {
        signal = delivery.signal;
        await sleep(300);
        done = true;
      });
      await until(() => signal !== undefined);
      const stopped = reading.stop();
      await until(() => signal!.aborted);
      expect(done).toBe(false);
      await stopped;
      expect(done).toBe(true);
      await harness.log.append(0, numbered(1, 2));
      expect((await readSome(1)).map(({ bytes }) => text(bytes))).toEqual(["2"]);
    });

    it("delivers to another member what a stopped one has not settled", async () => {
      await harness.log.append(0, numbered(2));
      let begun = false;
      const reading = await read(async ({ signal }) => {
        begun = true;
        await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      });
      await until(() => begun);
      await reading.stop();
      expect((await readSome(2)).map(({ bytes }) => text(bytes))).toEqual(["0", "1"]);
    });

    it("shares the partitions among the members, and gives them back when one goes", async () => {
      const byMember: Set<number>[] = [new Set(), new Set()];
      const found: string[] = [];
      const member = (own: Set<number>) => async (delivery: Delivery) => {
        own.add(delivery.partition);
        found.push(...delivery.messages.map(({ bytes }) => text(bytes)));
      };
      await read(member(byMember[0]!));
      const second = await read(member(byMember[1]!));
      let appended = 0;
      const appendSome = async () => {
        for (const partition of [0, 1, 2]) await harness.log.append(partition, numbered(1, appended++));
        await sleep(50);
      };
      await until(async () => {
        await appendSome();
        return byMember[1]!.size > 0;
      });
      await until(() => new Set(found).size === appended);
      byMember[0]!.clear();
      await second.stop();
      await until(async () => {
        await appendSome();
        return byMember[0]!.size === 3;
      });
      await until(() => new Set(found).size === appended);
    });

    it("answers its check while it is open, and refuses when it is closed", async () => {
      await harness.log.check();
      const last = harness.log.append(0, numbered(1));
      await harness.log.close();
      await last;
      const reason = await harness.log.append(0, numbered(1)).catch((error: unknown) => error);
      expect(isKind(reason, "log_unavailable")).toBe(true);
    });
  });
}

/** Batches that are only their number, as text. */
function numbered(count: number, from = 0): Buffer[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(String(from + at)));
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while (!(await condition())) {
    if (performance.now() > deadline) expect.fail(`waited ${WAIT_MS_MAX} ms for ${condition}`);
    await sleep(10);
  }
}
