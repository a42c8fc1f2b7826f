import { describe, expect, it } from "vitest";
import { letterKeyText } from "../domain/dead-letter-key.ts";
import { identityText } from "../domain/identity.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { buildLoggedBatch, encodeRecord, type RecordToBuild } from "./build-logged-batch.ts";
import { counts, KeptLetters, messages, newIdentity, noDeadLetters } from "./contract-batches.ts";
import type { LogSinkHarness } from "./log-sink.fixture.ts";
import { addCounts, NO_COUNTS, type StoreCounts } from "./log-sink.ts";

/** The part of the LogSink contract that is about two records under one identity. `harness`: there when the tests run. */
export function conflictsContract(harness: () => LogSinkHarness): void {
  describe("two records under one identity", () => {
    const signal = AbortSignal.timeout(600_000);
    const store = (batches: LoggedBatch[], deadLetters = new KeptLetters()) =>
      harness().sink.store(batches, deadLetters, signal);
    const storedMessages = async (tenant: string) =>
      new Map((await harness().stored(tenant)).map(({ seq, record }) => [seq, record.message]));

    /** What is counted for `conflicts` other records under settled identities, and for `same` ones. */
    function again(conflicts: number, same: number): StoreCounts {
      return harness().judgesConflicts
        ? counts({ deadLettered: conflicts, duplicate: same })
        : counts({ duplicate: conflicts + same });
    }

    it("are the first, which stays, and a dead letter; their neighbours are stored", async () => {
      const { tenant, producer } = newIdentity();
      await store([buildLoggedBatch({ tenant, producer, records: messages(10) })]);
      const records: RecordToBuild[] = messages(12);
      records[4] = { service: "contract", message: "another" };
      const second = buildLoggedBatch({ tenant, producer, records, partition: 2, offset: 9n });
      const deadLetters = new KeptLetters();
      expect(await store([second], deadLetters)).toEqual(addCounts(again(1, 9), counts({ stored: 2 })));
      const stored = await storedMessages(tenant);
      expect([stored.size, stored.get(4), stored.get(11)]).toEqual([12, "message 4", "message 11"]);

      expect(await store([second], deadLetters)).toEqual(again(1, 11));
      expect(await storedMessages(tenant)).toEqual(stored);
      if (!harness().judgesConflicts) return expect(deadLetters.letters).toEqual([]);
      expect(new Set(deadLetters.letters.map(letterKeyText)).size).toBe(1);
      expect(deadLetters.letters[0]).toMatchObject({
        store: harness().sink.name,
        tenant,
        id: identityText(producer, 4),
        reason: "conflict",
        partition: 2,
        offset: 9n,
        receivedTime: { ...nanosToTimestamp(second.receivedNanos) },
      });
      expect(Buffer.compare(deadLetters.letters[0]!.original, second.records[4]!.bytes)).toBe(0);
    });

    it("are told apart where all come in one call", async () => {
      const { tenant, producer } = newIdentity();
      const batch = (message: string) => buildLoggedBatch({ tenant, producer, records: [{ message }] });
      const batches = ["first", "second", "first", "third"].map(batch);
      expect(await store(batches)).toEqual(addCounts(again(2, 1), counts({ stored: 1 })));
      expect(await storedMessages(tenant)).toEqual(new Map([[0, "first"]]));
    });

    it("are judged though a rule would drop the second", async () => {
      if (!harness().judgesConflicts) return;
      const { tenant, producer } = newIdentity();
      await store([buildLoggedBatch({ tenant, producer, records: messages(2) })]);
      const records = [{ message: "another" }, messages(2)[1]!];
      const dropped = buildLoggedBatch({ tenant, producer, records, dropped: [0, 1] });
      expect(await store([dropped])).toEqual(again(1, 1));
    });

    it("are not settled where the dead letter of the second is not kept", async () => {
      if (!harness().judgesConflicts) return;
      const { tenant, producer } = newIdentity();
      await store([buildLoggedBatch({ tenant, producer, records: messages(1) })]);
      const second = buildLoggedBatch({ tenant, producer, records: [{ message: "another" }, { message: "new" }] });
      await expect(harness().sink.store([second], noDeadLetters, signal)).rejects.toThrow("refused");
      expect(addCounts(await store([second]), again(0, 0))).toMatchObject({ deadLettered: 1 });
      expect(await storedMessages(tenant)).toEqual(new Map([0, 1].map((seq) => [seq, ["message 0", "new"][seq]])));
    });

    it("are one that stays and dead letters where the calls race", async () => {
      const { tenant, producer } = newIdentity();
      const batchOf = (sender: string) =>
        buildLoggedBatch({
          tenant,
          producer,
          records: messages(100).map((record) => ({ ...record, service: sender })),
        });
      const deadLetters = new KeptLetters();
      const races = ["one", "two", "three"].map((sender) => store([batchOf(sender)], deadLetters));
      const sum = (await Promise.all(races)).reduce(addCounts, NO_COUNTS);
      expect(sum).toEqual(addCounts(again(200, 0), counts({ stored: 100 })));
      expect(await harness().stored(tenant)).toHaveLength(100);
    });

    it("are one record where they say the same, however it was encoded", async () => {
      const { tenant, producer } = newIdentity();
      const receivedNanos = 1_800_000_000_000_000_000n;
      const batches = [0, 1].map((side) =>
        buildLoggedBatch({
          tenant,
          producer,
          records: SAME_CONTENT.map((pair) => pair[side]!),
          receivedNanos: receivedNanos + BigInt(side),
        }),
      );
      expect(await store([batches[0]!])).toEqual(counts({ stored: SAME_CONTENT.length }));
      expect(await store([batches[1]!])).toEqual(counts({ duplicate: SAME_CONTENT.length }));
      expect(await store(batches)).toEqual(counts({ duplicate: 2 * SAME_CONTENT.length }));
    });

    it("are two where they differ in anything", async () => {
      const { tenant, producer } = newIdentity();
      const [first, second] = [0, 1].map((side) =>
        buildLoggedBatch({ tenant, producer, records: OTHER_CONTENT.map((pair) => pair[side]!) }),
      );
      expect(await store([first!])).toEqual(counts({ stored: OTHER_CONTENT.length }));
      expect(await store([second!])).toEqual(again(OTHER_CONTENT.length, 0));
      expect(await store([first!])).toEqual(counts({ duplicate: OTHER_CONTENT.length }));
    });
  });
}

type Pair = [one: RecordToBuild | Uint8Array, other: RecordToBuild | Uint8Array];

const MESSAGE = encodeRecord({ message: "the same" });
const SERVICE = encodeRecord({ service: "shop" });
const UNKNOWN = Uint8Array.of(0x98, 0x06, 0x01); // Field 99, a varint: of a later version.

const SAME_CONTENT: Pair[] = [
  [
    { message: "without a time: each batch is received at its own" },
    { message: "without a time: each batch is received at its own" },
  ],
  [{ attributes: { a: 1, b: { c: [{ d: 1, e: 2 }] } } }, { attributes: { b: { c: [{ e: 2, d: 1 }] }, a: 1 } }],
  [Buffer.concat([MESSAGE, SERVICE]), Buffer.concat([SERVICE, MESSAGE])],
  [Buffer.concat([MESSAGE, UNKNOWN]), Buffer.concat([UNKNOWN, MESSAGE])],
];

const OTHER_CONTENT: Pair[] = [
  [{ message: "a" }, { message: "b" }],
  [{ message: "a" }, { message: "a", service: "shop" }],
  [{ attributes: { a: 1 } }, { attributes: { a: "1" } }],
  [{ attributes: { a: [1, 2] } }, { attributes: { a: [2, 1] } }],
  [{ time: { seconds: 1n, nanos: 1 } }, { time: { seconds: 1n, nanos: 2 } }],
  [{ raw: Uint8Array.of(1) }, { raw: Uint8Array.of(2) }],
  [{ http: { status: 200 } }, { http: { status: 201 } }],
  [MESSAGE, Buffer.concat([MESSAGE, UNKNOWN])],
];
