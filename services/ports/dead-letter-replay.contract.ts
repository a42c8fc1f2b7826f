import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DeadLetter, DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { letterKeyText } from "../domain/dead-letter-key.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { deadLetterOf } from "../domain/refused-record.ts";
import { type BatchToBuild, buildLoggedBatch, encodeBatch, type RecordToBuild } from "./build-logged-batch.ts";
import { counts, KeptLetters, messages, newIdentity, newTenant, producerOfDay, request } from "./contract-batches.ts";
import type { DeadLetterReplay, ReplayOutcome } from "./dead-letter-replay.ts";
import type { LetterState, ListedLetter } from "./dead-letter-table.ts";
import type { LogSinkHarness } from "./log-sink.fixture.ts";
import { statusesOf } from "./minute-stats.fixture.ts";

/** A replay under test, and the sink of the same store. */
export interface DeadLetterReplayHarness extends LogSinkHarness {
  replay: DeadLetterReplay;
  /** The letter as the store's own table lists it; only where the store holds that table. */
  listed?(letter: DeadLetter): Promise<ListedLetter>;
  /** The letter's state in that table. */
  stateOf?(key: string): Promise<LetterState>;
}

const DAY_MS = 86_400_000;
const MINUTE = 29_000_000;

/** What every DeadLetterReplay must do, whatever it is made of. */
export function deadLetterReplayContract(adapterName: string, make: () => Promise<DeadLetterReplayHarness>): void {
  describe(`${adapterName} keeps the DeadLetterReplay contract`, () => {
    let harness: DeadLetterReplayHarness;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
      await harness.sink.prepare();
    });
    afterAll(() => harness?.close());

    const store = (batch: LoggedBatch) => harness.sink.store([batch], new KeptLetters(), signal);
    const letterOf = (batch: LoggedBatch, index = 0, reason = "too_long") =>
      deadLetterOf(harness.sink.name, { batch, logged: batch.records[index]!, reason, detail: "said the store" });
    const wholeMessage = (batch: BatchToBuild) =>
      create(DeadLetterSchema, {
        store: harness.sink.name,
        reason: "undecodable",
        detail: "by an older version",
        original: encodeBatch(batch),
        offset: BigInt(nextOffset++),
      });
    const stored = async (tenant: string) =>
      (await harness.stored(tenant)).map(({ seq, record }) => `${seq} ${record.message}`).sort();

    /** Replays the letter; where the store holds the table, its state must have moved with it. */
    async function replay(letter: DeadLetter): Promise<ReplayOutcome> {
      const listed = (await harness.listed?.(letter)) ?? listedLetter(letter);
      const outcome = await harness.replay.replay(listed, signal);
      if (outcome.is === "refused") expect(outcome.reason).not.toBe("");
      return outcome;
    }

    async function expectState(letter: DeadLetter, state: LetterState): Promise<void> {
      if (harness.stateOf) expect(await harness.stateOf(letterKeyText(letter))).toBe(state);
    }

    it("has its store's name", () => {
      expect(harness.replay.name).toBe(harness.sink.name);
    });

    it("stores a record that no log has brought yet, once; when the log brings it, it is a duplicate", async () => {
      const { tenant, producer } = newIdentity();
      const batch = buildLoggedBatch({ tenant, producer, firstSeq: 7, records: messages(2) });
      const letter = letterOf(batch, 1);
      expect(await replay(letter)).toEqual({ is: "stored" });
      await expectState(letter, "stored");
      const [record] = await harness.stored(tenant);
      expect(record).toMatchObject({ producer, seq: 8, receivedNanos: batch.receivedNanos });
      expect(record!.record).toEqual(batch.records[1]!.record);
      expect(await replay(letter)).toEqual({ is: "already_stored" });
      await expectState(letter, "stored");
      expect(await store(batch)).toEqual(counts({ stored: 1, duplicate: 1 }));
      expect(await stored(tenant)).toEqual(["7 message 0", "8 message 1"]);
    });

    it("stores a record whose seq is settled already", async () => {
      const { tenant, producer } = newIdentity();
      const refused = buildLoggedBatch({ tenant, producer, records: [...messages(1), harness.refusedRecord] });
      expect(await store(refused)).toEqual(counts({ stored: 1, deadLettered: 1 }));
      // As if the store took today what it refused before.
      const letter = letterOf(buildLoggedBatch({ tenant, producer, records: messages(2) }), 1);
      expect(await replay(letter)).toEqual({ is: "stored" });
      expect(await replay(letter)).toEqual({ is: "already_stored" });
      expect(await stored(tenant)).toEqual(["0 message 0", "1 message 1"]);
    });

    it("stores once where several replay the same letter", async () => {
      const { tenant, producer } = newIdentity();
      const letter = letterOf(buildLoggedBatch({ tenant, producer, records: messages(1) }));
      const listed = (await harness.listed?.(letter)) ?? listedLetter(letter);
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => harness.replay.replay(listed, signal)));
      expect(outcomes.map(({ is }) => is).sort()).toEqual([...Array(4).fill("already_stored"), "stored"]);
      expect(await stored(tenant)).toEqual(["0 message 0"]);
    });

    it("finds a record that was stored meanwhile, however the letter has it encoded", async () => {
      const { tenant, producer } = newIdentity();
      const batchOf = (attributes: { a?: number; b?: number }) =>
        buildLoggedBatch({ tenant, producer, records: [{ message: "the same", attributes }] });
      await store(batchOf({ a: 1, b: 2 }));
      const letter = letterOf(batchOf({ b: 2, a: 1 }));
      expect(await replay(letter)).toEqual({ is: "already_stored" });
      await expectState(letter, "stored");
    });

    it("keeps what is stored under the identity", async () => {
      const { tenant, producer } = newIdentity();
      await store(buildLoggedBatch({ tenant, producer, records: messages(1) }));
      const letter = letterOf(buildLoggedBatch({ tenant, producer, records: [{ message: "another" }] }));
      const { judgesConflicts } = harness;
      expect(await replay(letter)).toMatchObject(
        judgesConflicts ? { is: "refused", reason: "conflict" } : { is: "already_stored" },
      );
      await expectState(letter, judgesConflicts ? "open" : "stored");
      expect(await stored(tenant)).toEqual(["0 message 0"]);
    });

    it("is refused again where the store still refuses the record", async () => {
      const { tenant, producer } = newIdentity();
      const letter = letterOf(buildLoggedBatch({ tenant, producer, records: [harness.refusedRecord] }));
      expect(await replay(letter)).toMatchObject({ is: "refused" });
      expect(await replay(letter)).toMatchObject({ is: "refused" });
      await expectState(letter, "open");
      expect(await stored(tenant)).toEqual([]);
    });

    it("refuses letters that cannot be read", async () => {
      const { tenant, producer } = newIdentity();
      const good = letterOf(buildLoggedBatch({ tenant, producer, records: messages(1) }));
      const nobodys = { ...good, tenant: "", id: "" };
      const broken = [
        { ...nobodys, original: new Uint8Array(0) },
        { ...nobodys, original: Buffer.from("no message at all"), offset: 1n },
        { ...good, original: Uint8Array.of(0xff, 0xff, 0xff) },
        { ...good, id: "no-identity" },
      ];
      for (const letter of broken) {
        expect(await replay(create(DeadLetterSchema, letter))).toMatchObject({ is: "refused" });
        await expectState(create(DeadLetterSchema, letter), "open");
      }
      expect(await stored(tenant)).toEqual([]);
    });

    it("refuses a letter whose original was cut, though what is left can be read", async () => {
      const { tenant, producer } = newIdentity();
      const letter = letterOf(buildLoggedBatch({ tenant, producer, records: [{ message: "a", service: "shop" }] }));
      const listed = (await harness.listed?.(letter)) ?? listedLetter(letter);
      const cut = { ...listed, originalBytes: letter.original.length + 1 };
      expect(await harness.replay.replay(cut, signal)).toMatchObject({ is: "refused" });
      await expectState(letter, "open");
      expect(await stored(tenant)).toEqual([]);
    });

    it("stores a whole message that can be read now, and settles its rejected seqs", async () => {
      const { tenant, producer } = newIdentity();
      const letter = wholeMessage({ tenant, producer, records: messages(4), rejected: [2] });
      expect(await replay(letter)).toEqual({ is: "stored" });
      await expectState(letter, "stored");
      expect(await replay(letter)).toEqual({ is: "already_stored" });
      expect(await store(buildLoggedBatch({ tenant, producer, records: messages(5) }))).toEqual(
        counts({ stored: 1, duplicate: 4 }),
      );
      expect(await stored(tenant)).toEqual([0, 1, 3, 4].map((seq) => `${seq} message ${seq}`));
    });

    it("refuses a whole message of which one record is refused, and stores the others", async () => {
      const { tenant, producer } = newIdentity();
      const records: RecordToBuild[] = [...messages(2), harness.refusedRecord];
      const letter = wholeMessage({ tenant, producer, records });
      for (let time = 0; time < 2; time++) {
        expect(await replay(letter)).toMatchObject({ is: "refused" });
        await expectState(letter, "open");
        expect(await stored(tenant)).toEqual(["0 message 0", "1 message 1"]);
      }
    });

    it("says expired of a day that is no longer kept, and stores nothing", async () => {
      const today = Math.floor(Date.now() / DAY_MS);
      const tenant = newTenant();
      const batch = { tenant, producer: producerOfDay(today - 51), records: messages(2) };
      await harness.retention.keepFrom({ records: today - 50, rollups: today - 50 }, signal);
      await harness.firstDaySeen?.();
      for (const letter of [letterOf(buildLoggedBatch(batch)), wholeMessage(batch)]) {
        expect(await replay(letter)).toEqual({ is: "expired" });
        await expectState(letter, "expired");
      }
      expect(await stored(tenant)).toEqual([]);
    });

    it("counts the requests of a letter once in the statistics of a store that has them", async () => {
      const { stats } = harness;
      if (!stats) return;
      const { tenant, producer } = newIdentity();
      const records = [1, 2].map((status) => request(BigInt(MINUTE) * 60_000_000_000n, { status: 200 + status }));
      const batch = buildLoggedBatch({ tenant, producer, records });
      const whole = { tenant, producer, firstSeq: 1, records: records.slice(1) };
      const letters = [letterOf(batch), letterOf(batch), wholeMessage(whole), wholeMessage(whole)];
      for (const letter of letters) await replay(letter);
      await store(batch);
      expect(await statusesOf(stats, tenant, MINUTE)).toEqual(
        new Map([
          [201, 1],
          [202, 1],
        ]),
      );
    });
  });
}

let nextOffset = 1_000_000; // What stands in the place of an identity: each message has its own.

/** A letter as a table would list it. */
export function listedLetter(letter: DeadLetter): ListedLetter {
  return {
    listedMs: 1_700_000_000_000,
    key: letterKeyText(letter),
    changedMs: undefined,
    state: "open",
    letter,
    originalBytes: letter.original.length,
  };
}
