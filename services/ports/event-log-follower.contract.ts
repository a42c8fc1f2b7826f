import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LOG_ID_CHARACTERS_MAX, LOG_MESSAGE_BYTES_MAX, TAIL_FETCH_BYTES_MAX } from "../domain/limits.ts";
import { msToNanos } from "../domain/record-time.ts";
import { encodeBatch, newProducer } from "./build-logged-batch.ts";
import type { EventLog, LogMessage } from "./event-log.ts";
import type { EventLogFollower } from "./event-log-follower.ts";

/** A follower under test, and its log. */
export interface EventLogFollowerHarness {
  /** Empty, with three partitions. */
  log: EventLog;
  follower: EventLogFollower;
  /** Has the log forget the partition's messages before that offset. */
  trimTo(partition: number, offset: bigint): Promise<void>;
  /** Removes what the test wrote, and closes log and follower where the test has not. */
  close(): Promise<void>;
}

const WAIT_MS = 10_000; // Longer than any test waits: what takes that long has not been woken.

/** What every EventLogFollower must do, whatever it is made of. */
export function eventLogFollowerContract(adapterName: string, make: () => Promise<EventLogFollowerHarness>): void {
  describe(`${adapterName} keeps the EventLogFollower contract`, () => {
    let harness: EventLogFollowerHarness;
    beforeEach(async () => {
      harness = await make();
      logId = undefined;
    });
    afterEach(() => harness.close());

    const never = new AbortController().signal;
    let logId: string | undefined;
    const read = async (partition: number, offset: bigint, waitMsMax = 0, signal = never) => {
      logId ??= (await harness.follower.extent(never)).logId;
      return harness.follower.read({ logId, partition, offset }, waitMsMax, signal);
    };
    /** Reads until that many messages have come. */
    const readAll = async (partition: number, count: number, from = 0n) => {
      const found: LogMessage[] = [];
      while (found.length < count) {
        const next = found.at(-1) ? found.at(-1)!.offset + 1n : from;
        const more = await read(partition, next, WAIT_MS);
        if (more.length === 0) expect.fail(`only ${found.length} of ${count} messages came`);
        found.push(...more);
      }
      return found;
    };
    const ends = async () => (await harness.follower.extent(never)).partitions.map(({ end }) => end);

    it("says what the log holds, under an id that stays", async () => {
      const before = await harness.follower.extent(never);
      expect(before.logId).toMatch(/^[\x20-\x7e]+$/);
      expect(before.logId.length).toBeLessThanOrEqual(LOG_ID_CHARACTERS_MAX);
      expect(before.partitions).toEqual(Array(3).fill({ start: 0n, end: 0n }));
      await harness.log.append(1, numbered(5));
      const after = await harness.follower.extent(never);
      expect(after.logId).toBe(before.logId);
      expect(after.partitions.map(({ start, end }) => [start, end])).toEqual([
        [0n, 0n],
        [0n, 5n],
        [0n, 0n],
      ]);
    });

    it("gives messages from any place on, in order and byte for byte", async () => {
      const batches = [randomBytes(10), randomBytes(100_000), new Uint8Array(0), Buffer.from("\0ÿ\n😀")];
      await harness.log.append(1, batches.slice(0, 2));
      for (const batch of batches.slice(2)) await harness.log.append(1, [batch]);
      const found = await readAll(1, 4);
      expect(found.map(({ partition, offset }) => [partition, offset])).toEqual([0n, 1n, 2n, 3n].map((at) => [1, at]));
      expect(found.map(({ bytes }) => hex(bytes))).toEqual(batches.map(hex));
      const [second] = await read(1, 1n, WAIT_MS);
      expect([second!.offset, hex(second!.bytes)]).toEqual([1n, hex(batches[1]!)]);
    });

    it("gives about as many bytes at once as it may, and the largest message there can be", async () => {
      const sizes = [TAIL_FETCH_BYTES_MAX / 2, TAIL_FETCH_BYTES_MAX / 2 - 1_000, 1, LOG_MESSAGE_BYTES_MAX, 1];
      for (const size of sizes) await harness.log.append(0, [randomBytes(size)]);
      const lengths: number[] = [];
      for (let from = 0n; from < 5n; ) {
        const messages = await read(0, from, WAIT_MS);
        const bytes = messages.reduce((sum, message) => sum + message.bytes.length, 0);
        if (messages.length > 1) expect(bytes).toBeLessThanOrEqual(2 * TAIL_FETCH_BYTES_MAX);
        lengths.push(...messages.map((message) => message.bytes.length));
        from = messages.at(-1)!.offset + 1n;
      }
      expect(lengths).toEqual(sizes);
    });

    it("does not take another log for the one that is meant", async () => {
      await harness.log.append(0, numbered(1));
      const other = { logId: "another log", partition: 0, offset: 0n };
      await expect(harness.follower.read(other, 0, never)).rejects.toMatchObject({ kind: "log_unavailable" });
    });

    it("waits for the next message, and comes with it at once", async () => {
      await harness.log.append(2, numbered(1));
      await readAll(2, 1);
      const startedAt = performance.now();
      const next = read(2, 1n, WAIT_MS);
      await sleep(300);
      await harness.log.append(0, numbered(1)); // Of another partition: not meant.
      await harness.log.append(2, numbered(1, 1));
      expect((await next).map(({ bytes }) => text(bytes))).toEqual(["1"]);
      expect(performance.now() - startedAt).toBeLessThan(WAIT_MS / 2);
    });

    it("gives nothing where nothing comes in time, and waits not at all where it may not", async () => {
      const startedAt = performance.now();
      expect(await read(0, 0n)).toEqual([]);
      expect(performance.now() - startedAt).toBeLessThan(WAIT_MS / 2);
      expect(await read(0, 0n, 300)).toEqual([]);
      expect(performance.now() - startedAt).toBeLessThan(WAIT_MS / 2);
    });

    it("does not let those who wait hold up others", async () => {
      await harness.log.append(0, numbered(3));
      await harness.log.append(1, numbered(2));
      const startedAt = performance.now();
      const waiting = [0, 1, 2, 0, 1, 2].map((partition) => read(partition, 3n, WAIT_MS));
      await sleep(200);
      expect(await readAll(0, 3)).toHaveLength(3);
      expect(await readAll(1, 2)).toHaveLength(2);
      expect(await ends()).toEqual([3n, 2n, 0n]);
      expect(performance.now() - startedAt).toBeLessThan(WAIT_MS / 2);
      for (const partition of [0, 1, 2]) await harness.log.append(partition, numbered(4, 100));
      const found = await Promise.all(waiting);
      expect(found.map(([first]) => first?.offset)).toEqual([3n, 3n, 3n, 3n, 3n, 3n]);
      expect(performance.now() - startedAt).toBeLessThan(WAIT_MS / 2);
    });

    it("goes at once with the signal's reason, and reads again afterwards", async () => {
      const startedAt = performance.now();
      for (let round = 0; round < 5; round++) {
        const gone = new AbortController();
        const next = read(0, 0n, WAIT_MS, gone.signal).catch((reason: unknown) => reason);
        await sleep(50);
        gone.abort(new Error(`gone ${round}`));
        expect(await next).toMatchObject({ message: `gone ${round}` });
        await expect(harness.follower.extent(gone.signal)).rejects.toThrow(`gone ${round}`);
        await expect(harness.follower.placesAt(0, gone.signal)).rejects.toThrow(`gone ${round}`);
      }
      await harness.log.append(0, numbered(2));
      expect(await readAll(0, 2)).toHaveLength(2);
      expect(performance.now() - startedAt).toBeLessThan(WAIT_MS / 2);
    });

    it("begins with what the log still holds", async () => {
      await harness.log.append(0, numbered(10));
      await harness.trimTo(0, 4n);
      const extent = await harness.follower.extent(never);
      expect(extent.partitions[0]).toEqual({ start: 4n, end: 10n });
      expect((await readAll(0, 6)).map(({ bytes }) => text(bytes))).toEqual(numbered(6, 4).map(text));
      expect((await readAll(0, 5, 5n))[0]!.offset).toBe(5n);
    });

    it("finds the place of a time", async () => {
      await harness.log.append(1, [batchNow()]);
      await sleep(20);
      const betweenMs = Date.now();
      await sleep(20);
      await harness.log.append(1, [batchNow(), batchNow()]);
      await harness.log.append(2, [Buffer.from("no batch at all")]);
      const all = await harness.follower.placesAt(0, never);
      expect(all).toEqual([0n, 0n, 0n]);
      const between = await harness.follower.placesAt(betweenMs, never);
      expect([between[0], between[1]! <= 1n, between[2]! <= 1n]).toEqual([0n, true, true]);
      const later = await harness.follower.placesAt(Date.now() + 86_400_000, never);
      expect([later[0], later[1]]).toEqual([0n, 3n]);
    });

    it("ends what waits when it is closed, and refuses then", async () => {
      await harness.follower.extent(never);
      await read(0, 0n);
      const waiting = [0, 1].map((partition) => read(partition, 0n, WAIT_MS).catch((reason: unknown) => reason));
      await sleep(50);
      const startedAt = performance.now();
      await harness.follower.close();
      for (const reason of await Promise.all(waiting)) expect(reason).toMatchObject({ kind: "log_unavailable" });
      await expect(read(0, 0n)).rejects.toMatchObject({ kind: "log_unavailable" });
      await expect(harness.follower.extent(never)).rejects.toMatchObject({ kind: "log_unavailable" });
      expect(performance.now() - startedAt).toBeLessThan(WAIT_MS / 2);
    });
  });
}

/** Batches that are only their number, as text. */
function numbered(count: number, from = 0): Buffer[] {
  return Array.from({ length: count }, (_, at) => Buffer.from(String(from + at)));
}

function batchNow(): Uint8Array {
  const receivedNanos = msToNanos(Date.now());
  return encodeBatch({ tenant: "default", producer: newProducer(), records: [{ message: "now" }], receivedNanos });
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
