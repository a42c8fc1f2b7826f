import { fromBinary, toJson } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogRecordSchema, Severity } from "../../gen/logpulse/v1/log_record_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { identityText } from "../domain/identity.ts";
import { RECORD_BYTES_MAX, RECORDS_PER_BATCH_MAX, SEQ_MAX, SETTLED_RANGES_PER_PRODUCER_MAX } from "../domain/limits.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "./build-logged-batch.ts";
import { counts, idsOf, KeptLetters, messages, newIdentity, noDeadLetters } from "./contract-batches.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";
import type { LogSinkHarness } from "./log-sink.fixture.ts";
import { addCounts, NO_COUNTS, type StoreCounts } from "./log-sink.ts";
import { conflictsContract } from "./log-sink-conflicts.contract.ts";
import { expiredContract } from "./log-sink-expired.contract.ts";
import { modelContract } from "./log-sink-model.contract.ts";
import { settledContract } from "./log-sink-settled.contract.ts";

/** What every LogSink must do, whatever it is made of. */
export function logSinkContract(adapterName: string, make: () => Promise<LogSinkHarness>): void {
  describe(`${adapterName} keeps the LogSink contract`, () => {
    let harness: LogSinkHarness;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
      await Promise.all([harness.sink.prepare(), harness.sink.prepare()]);
    });
    afterAll(() => harness?.close());

    const storeAll = (batches: LoggedBatch[], deadLetters: DeadLetters = noDeadLetters) =>
      harness.sink.store(batches, deadLetters, signal);
    const storedIds = async (tenant: string) =>
      (await harness.stored(tenant)).map(({ producer, seq }) => identityText(producer, seq)).sort();

    it("can be prepared again and answers its check", async () => {
      await harness.sink.prepare();
      await harness.sink.check();
    });

    it("stores a batch once; the same batch again is all duplicate", async () => {
      const { tenant, producer } = newIdentity();
      const batch = buildLoggedBatch({ tenant, producer, records: messages(100) });
      expect(await storeAll([batch])).toEqual(counts({ stored: 100 }));
      expect(await storeAll([batch])).toEqual(counts({ duplicate: 100 }));
      expect(await storedIds(tenant)).toEqual(idsOf(producer, 0, 100));
    });

    it("settles nothing for no batches and for an empty batch", async () => {
      const { tenant, producer } = newIdentity();
      expect(await storeAll([])).toEqual(counts({}));
      expect(await storeAll([buildLoggedBatch({ tenant, producer, records: [] })])).toEqual(counts({}));
      expect(await storedIds(tenant)).toEqual([]);
    });

    it("counts each record of overlapping and reordered batches once", async () => {
      const { tenant, producer } = newIdentity();
      const part = (firstSeq: number, size: number) =>
        buildLoggedBatch({ tenant, producer, firstSeq, records: messages(size, firstSeq) });
      expect(await storeAll([part(50, 30)])).toEqual(counts({ stored: 30 }));
      expect(await storeAll([part(0, 60), part(40, 20)])).toEqual(counts({ stored: 50, duplicate: 30 }));
      expect(await storeAll([part(70, 20), part(75, 10), part(0, 90)])).toEqual(counts({ stored: 10, duplicate: 110 }));
      expect(await storedIds(tenant)).toEqual(idsOf(producer, 0, 90));
    });

    it("stores two records of equal content as two", async () => {
      const { tenant, producer } = newIdentity();
      const record = { message: "the same", time: nanosToTimestamp(1n) };
      const batch = buildLoggedBatch({ tenant, producer, records: [record, record] });
      expect(await storeAll([batch])).toEqual(counts({ stored: 2 }));
      expect(await storedIds(tenant)).toEqual(idsOf(producer, 0, 2));
    });

    it("keeps tenants and producers apart, equal seqs and all", async () => {
      const [one, other] = [newIdentity(), newIdentity()];
      const batches = [one, { ...one, producer: other.producer }, { ...other, producer: one.producer }].map(
        (identity) => buildLoggedBatch({ ...identity, records: messages(3) }),
      );
      expect(await storeAll(batches)).toEqual(counts({ stored: 9 }));
      expect(await storedIds(one.tenant)).toEqual(
        [...idsOf(one.producer, 0, 3), ...idsOf(other.producer, 0, 3)].sort(),
      );
      expect(await storedIds(other.tenant)).toEqual(idsOf(one.producer, 0, 3));
    });

    it("stores neither dropped nor rejected records, and counts them", async () => {
      const { tenant, producer } = newIdentity();
      const batch = buildLoggedBatch({ tenant, producer, records: messages(10), rejected: [0, 9], dropped: [3, 4, 5] });
      expect(await storeAll([batch])).toEqual(counts({ stored: 5, dropped: 3, rejected: 2 }));
      const again = await storeAll([batch]);
      expect(sum(again)).toBe(10);
      // A store that remembers what it settled says duplicate, one that does not says dropped; nobody stores.
      expect({ ...again, duplicate: again.duplicate + again.dropped, dropped: 0 }).toEqual(
        counts({ duplicate: 8, rejected: 2 }),
      );
      expect(await storedIds(tenant)).toEqual([1, 2, 6, 7, 8].map((seq) => identityText(producer, seq)));
    });

    it("keeps a refused record as a dead letter before it resolves, and stores its neighbours", async () => {
      const { tenant, producer } = newIdentity();
      const records: RecordToBuild[] = messages(50);
      records[17] = harness.refusedRecord;
      records[18] = harness.refusedRecord;
      const batch = buildLoggedBatch({ tenant, producer, records, partition: 3, offset: 77n });
      const deadLetters = new KeptLetters();
      expect(await storeAll([batch], deadLetters)).toEqual(counts({ stored: 48, deadLettered: 2 }));

      const refused = [17, 18].map((seq) => identityText(producer, seq));
      expect(deadLetters.ids()).toEqual(refused);
      const letter = deadLetters.letters.find(({ id }) => id === refused[0])!;
      expect(letter).toMatchObject({ store: harness.sink.name, tenant, partition: 3, offset: 77n });
      expect(letter.reason).not.toBe("");
      expect(letter.receivedTime).toMatchObject({ ...nanosToTimestamp(batch.receivedNanos) });
      expect(toJson(LogRecordSchema, fromBinary(LogRecordSchema, letter.original))).toEqual(
        toJson(LogRecordSchema, fromBinary(LogRecordSchema, batch.records[17]!.bytes)),
      );
      expect(await storedIds(tenant)).toEqual(idsOf(producer, 0, 50).filter((id) => !refused.includes(id)));

      const again = await storeAll([batch], deadLetters);
      expect(again.stored).toBe(0);
      expect(again.duplicate + again.deadLettered).toBe(50);
    });

    it("does not settle a refused record whose dead letter is not kept", async () => {
      const { tenant, producer } = newIdentity();
      const batch = buildLoggedBatch({ tenant, producer, records: [...messages(2), harness.refusedRecord] });
      const away: DeadLetters = { keep: () => Promise.reject(new LogPulseError("log_unavailable", "away")) };
      await expect(storeAll([batch], away)).rejects.toMatchObject({ kind: "log_unavailable" });
      const deadLetters = new KeptLetters();
      const after = await storeAll([batch], deadLetters);
      expect(after).toMatchObject({ deadLettered: 1 });
      expect(after.stored + after.duplicate).toBe(2);
      expect(deadLetters.ids()).toEqual([identityText(producer, 2)]);
      expect(await storedIds(tenant)).toEqual(idsOf(producer, 0, 2));
    });

    it("counts each record once where calls with the same batches race", async () => {
      const { tenant } = newIdentity();
      const producers = [newProducer(), newProducer(), newProducer()].sort();
      const batches = producers.map((producer) => buildLoggedBatch({ tenant, producer, records: messages(200) }));
      const races = await Promise.all([batches, batches.toReversed(), batches].map((some) => storeAll(some)));
      expect(races.reduce(addCounts, NO_COUNTS)).toEqual(counts({ stored: 600, duplicate: 1200 }));
      expect(await storedIds(tenant)).toEqual(producers.flatMap((producer) => idsOf(producer, 0, 200)).sort());
    });

    it("stores the highest seq and an old and a coming producer day", async () => {
      const { tenant } = newIdentity();
      const dayMs = 86_400_000;
      const producers = [-40, 0, 1].map((days) => newProducer(Date.now() + days * dayMs)).sort();
      const batches = producers.map((producer) =>
        buildLoggedBatch({ tenant, producer, firstSeq: SEQ_MAX - 1, records: messages(2) }),
      );
      expect(await storeAll(batches)).toEqual(counts({ stored: 6 }));
      expect(await storeAll(batches)).toEqual(counts({ duplicate: 6 }));
      expect(await storedIds(tenant)).toEqual(
        producers.flatMap((producer) => [SEQ_MAX - 1, SEQ_MAX].map((seq) => identityText(producer, seq))).sort(),
      );
    });

    it("loses nothing of a producer that leaves many gaps", { timeout: 60_000 }, async () => {
      const { tenant, producer } = newIdentity();
      const one = (seq: number) => buildLoggedBatch({ tenant, producer, firstSeq: seq, records: messages(1) });
      const even = Array.from({ length: SETTLED_RANGES_PER_PRODUCER_MAX + 50 }, (_, index) => one(2 * index));
      expect(await storeAll(even)).toEqual(counts({ stored: even.length }));
      expect(await storeAll(even)).toEqual(counts({ duplicate: even.length }));
      const odd = even.map(({ firstSeq }) => one(firstSeq + 1));
      const deadLetters = new KeptLetters();
      const late = await storeAll(odd, deadLetters);
      expect(late.stored + late.deadLettered).toBe(odd.length);
      expect(deadLetters.ids().length).toBe(late.deadLettered);
      expect(new Set([...(await storedIds(tenant)), ...deadLetters.ids()]).size).toBe(even.length + odd.length);
    });

    it("loses nothing of a producer whose low seqs come after gaps were closed", { timeout: 60_000 }, async () => {
      const { tenant, producer } = newIdentity();
      const one = (seq: number) => buildLoggedBatch({ tenant, producer, firstSeq: seq, records: messages(1) });
      const even = Array.from({ length: SETTLED_RANGES_PER_PRODUCER_MAX + 1 }, (_, index) => one(1000 + 2 * index));
      expect(await storeAll(even)).toEqual(counts({ stored: even.length }));
      expect(await storeAll([one(5)])).toEqual(counts({ stored: 1 }));
      const deadLetters = new KeptLetters();
      const late = await storeAll([one(1001)], deadLetters);
      expect(late.stored + late.deadLettered).toBe(1);
      expect([...(await storedIds(tenant)), ...deadLetters.ids()]).toContain(identityText(producer, 1001));

      // One that is new, and its repeats, in one call; and again later.
      expect(await storeAll([one(2), one(2), one(2)])).toEqual(counts({ stored: 1, duplicate: 2 }));
      expect(await storeAll([one(2), one(5)])).toEqual(counts({ duplicate: 2 }));
    });

    it("stores a batch of the greatest count, and records of the greatest size", { timeout: 60_000 }, async () => {
      const { tenant, producer } = newIdentity();
      const many = buildLoggedBatch({ tenant, producer, records: messages(RECORDS_PER_BATCH_MAX) });
      const long = { message: "é".repeat(RECORD_BYTES_MAX / 2 - 10) };
      const large = buildLoggedBatch({ tenant, producer: newProducer(), records: Array(15).fill(long) });
      expect(await storeAll([many])).toEqual(counts({ stored: RECORDS_PER_BATCH_MAX }));
      expect(await storeAll([large])).toEqual(counts({ stored: 15 }));
      expect(await storeAll([many])).toEqual(counts({ duplicate: RECORDS_PER_BATCH_MAX }));
    });

    it("gives back what was sent: every field, the first and last time, times 1 ns apart", async () => {
      const { tenant, producer } = newIdentity();
      const lastNanos = 9_223_372_036_854_775_807n;
      const times = [0n, 1n, 1_431_857_103_000_000_000n, 1_431_857_103_000_000_001n, lastNanos - 1n, lastNanos];
      const records = times.map((nanos) => ({ ...EVERY_FIELD, time: nanosToTimestamp(nanos) }));
      await expectGivenBack(tenant, producer, [...records, { message: "no time: that of the batch" }, {}]);
    });

    it("keeps hostile text letter for letter in every text field", async () => {
      const { tenant, producer } = newIdentity();
      await expectGivenBack(tenant, producer, HOSTILE_TEXTS.map(everywhere));
    });

    settledContract(() => harness);
    conflictsContract(() => harness);
    expiredContract(() => harness);
    modelContract(() => harness);

    async function expectGivenBack(tenant: string, producer: string, records: RecordToBuild[]): Promise<void> {
      const batch = buildLoggedBatch({ tenant, producer, records });
      expect(await storeAll([batch])).toEqual(counts({ stored: records.length }));
      const stored = (await harness.stored(tenant)).sort((a, b) => a.seq - b.seq);
      expect(stored.map(({ seq }) => seq)).toEqual(records.map((_, index) => index));
      for (const [index, { record, receivedNanos }] of stored.entries()) {
        expect(toJson(LogRecordSchema, record)).toEqual(toJson(LogRecordSchema, batch.records[index]!.record));
        expect(receivedNanos).toBe(batch.receivedNanos);
      }
      expect(await storeAll([batch])).toEqual(counts({ duplicate: records.length }));
    }
  });
}

const EVERY_FIELD: RecordToBuild = {
  severity: Severity.ERROR2,
  severityText: "Err",
  service: "checkout",
  message: "card declined",
  attributes: { order: { id: 17, open: true, none: null }, list: [1, "two", [3.5]] },
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  raw: Uint8Array.of(0, 0xff, 0xfe, 10),
  http: {
    clientIp: "2001:db8::1",
    method: "GET",
    path: "/cart?item=1",
    status: 402,
    latency: { seconds: 315_576_000_000n, nanos: 999_999_999 },
    responseBytes: 9_223_372_036_854_775_807n,
    userAgent: "Mozilla/5.0",
    referer: "https://example.com/",
    protocol: "HTTP/2",
  },
};

function everywhere(text: string): RecordToBuild {
  return {
    severityText: text,
    service: text,
    message: text,
    attributes: { value: text, [text]: "key", list: [text], deep: { [text]: text } },
    http: { clientIp: text, method: text, path: text, status: 200, userAgent: text, referer: text, protocol: text },
  };
}

function sum(all: StoreCounts): number {
  return Object.values(all).reduce((total, count) => total + count, 0);
}
