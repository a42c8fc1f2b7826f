import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AccessLog, AccessQuery } from "./access-log.ts";
import { newProducer, type RecordToBuild } from "./build-logged-batch.ts";
import { newTenant, request, storeOne } from "./contract-batches.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";
import type { LogSink } from "./log-sink.ts";

/** An access log under test and the sink of the same store. */
export interface AccessLogHarness {
  sink: LogSink;
  accessLog: AccessLog;
  close(): Promise<void>;
}

/** What every AccessLog must do, whatever it is made of. */
export function accessLogContract(adapterName: string, make: () => Promise<AccessLogHarness>): void {
  describe(`${adapterName} keeps the AccessLog contract`, () => {
    let harness: AccessLogHarness;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
      await harness.sink.prepare();
    });
    afterAll(() => harness?.close());

    /** Seqs of the records found, and their total. */
    async function find(query: Partial<AccessQuery> & { tenant: string }, limit = 1000, offset = 0) {
      const page = await harness.accessLog.list({ ...NO_CONDITIONS, ...query }, limit, offset, signal);
      return { seqs: page.rows.map(({ seq }) => seq), total: page.total };
    }
    /** Only seqs, where all that is found must fit the page. */
    async function seqsOf(query: Partial<AccessQuery> & { tenant: string }): Promise<number[]> {
      const { seqs, total } = await find(query);
      expect(total).toBe(seqs.length);
      return seqs;
    }
    async function stored(records: RecordToBuild[]): Promise<string> {
      const tenant = newTenant();
      await storeOne(harness.sink, { tenant, records });
      return tenant;
    }

    it("lists only what has http, of one tenant, and is stored", async () => {
      const [tenant, other] = [newTenant(), newTenant()];
      const records = [request(1n, {}), { message: "no request" }, request(2n, {}), request(3n, {}), {}];
      await storeOne(harness.sink, { tenant, records, dropped: [2], rejected: [4] });
      await storeOne(harness.sink, { tenant: other, records: [request(1n, {})] });
      expect(await seqsOf({ tenant })).toEqual([3, 0]);
      expect(await seqsOf({ tenant: newTenant() })).toEqual([]);
    });

    it("gives of each record its identity, its time and what it has of the request", async () => {
      const [tenant, producer] = [newTenant(), newProducer()];
      const http = { clientIp: "2001:db8::1", method: "Get", path: "/cart?item=1", status: 402 };
      const latencies = [{}, { nanos: 1 }, { seconds: 2_147_483n, nanos: 999_999_999 }, { seconds: 315_576_000_000n }];
      const records = [
        request(9n, {}),
        ...latencies.map((latency, index) => request(BigInt(index), { ...http, latency, userAgent: "unseen" })),
      ];
      await storeOne(harness.sink, { tenant, producer, firstSeq: 7, records });
      const { rows } = await harness.accessLog.list({ ...NO_CONDITIONS, tenant }, 10, 0, signal);
      const nanos = [0n, 1n, 2_147_483_999_999_999n, 315_576_000_000_000_000_000n];
      expect(rows).toEqual([
        { producer, seq: 7, timeNanos: 9n, clientIp: "", method: "", path: "", status: 0, latencyNanos: undefined },
        ...nanos
          .map((latencyNanos, index) => ({ producer, seq: 8 + index, timeNanos: BigInt(index), ...http, latencyNanos }))
          .reverse(),
      ]);
    });

    it("is newest first by time, producer and seq, page by page", async () => {
      const tenant = newTenant();
      const producers = [newProducer(), newProducer(Date.now() - 86_400_000)].sort();
      const times = [
        5n,
        5n,
        9_223_372_036_854_775_807n,
        6n,
        0n,
        1_000_000_000_000_000_001n,
        1_000_000_000_000_000_000n,
      ];
      const records = times.map((time, index) => request(time, { path: `/${index}`, status: 200 + index }));
      for (const producer of producers) await storeOne(harness.sink, { tenant, producer, firstSeq: 10, records });

      const [low, high] = producers;
      const expected = [12, 15, 16, 13].flatMap((seq) => [`${high}-${seq}`, `${low}-${seq}`]);
      expected.push(`${high}-11`, `${high}-10`, `${low}-11`, `${low}-10`, `${high}-14`, `${low}-14`);
      const found: string[] = [];
      for (let offset = 0; offset < 15; offset += 3) {
        const { rows, total } = await harness.accessLog.list({ ...NO_CONDITIONS, tenant }, 3, offset, signal);
        expect(total).toBe(14);
        for (const { producer, seq, path, status } of rows) {
          found.push(`${producer}-${seq}`);
          expect({ path, status }).toEqual({ path: `/${seq - 10}`, status: 190 + seq });
        }
      }
      expect(found).toEqual(expected);
      expect(await find({ tenant }, 3, 14)).toEqual({ seqs: [], total: 14 });
      expect(await find({ tenant }, 3, 10_000)).toEqual({ seqs: [], total: 14 });
    });

    it("meets every condition that is given", async () => {
      const base = { clientIp: "10.0.0.1", method: "GET", path: "/cart/items", status: 200 };
      const tenant = await stored([
        request(10n, base),
        request(11n, { ...base, status: 404 }),
        request(12n, { ...base, clientIp: "10.0.0.10" }),
        request(13n, { ...base, method: "get" }),
        request(14n, { ...base, method: "POST" }),
        request(15n, { ...base, path: "/Cart/items" }),
        request(16n, { ...base, status: 0 }),
      ]);
      expect(await seqsOf({ tenant, status: 404 })).toEqual([1]);
      expect(await seqsOf({ tenant, status: 0 })).toEqual([6]);
      expect(await seqsOf({ tenant, clientIp: "10.0.0.10" })).toEqual([2]);
      expect(await seqsOf({ tenant, clientIp: "10.0.0" })).toEqual([]);
      expect(await seqsOf({ tenant, method: "gEt" })).toEqual([6, 5, 3, 2, 1, 0]);
      expect(await seqsOf({ tenant, method: "POST", status: 200 })).toEqual([4]);
      expect(await seqsOf({ tenant, pathPart: "art/it" })).toEqual([6, 5, 4, 3, 2, 1, 0]);
      expect(await seqsOf({ tenant, pathPart: "cart" })).toEqual([6, 4, 3, 2, 1, 0]);
      expect(await seqsOf({ tenant, pathPart: "" })).toEqual([6, 5, 4, 3, 2, 1, 0]);
      expect(await seqsOf({ tenant, pathPart: "cart", method: "post", status: 200, clientIp: "10.0.0.1" })).toEqual([
        4,
      ]);
      expect(await find({ tenant, method: "GET" }, 2, 1)).toEqual({ seqs: [5, 3], total: 6 });
    });

    it("takes times at both ends of the range, to the nanosecond", async () => {
      const last = 9_223_372_036_854_775_807n;
      const times = [0n, 1n, last - 2n, last - 1n, last];
      const tenant = await stored(times.map((time) => request(time, {})));
      expect(await seqsOf({ tenant, fromNanos: 1n, toNanos: last - 1n })).toEqual([3, 2, 1]);
      expect(await seqsOf({ tenant, fromNanos: last - 1n })).toEqual([4, 3]);
      expect(await seqsOf({ tenant, toNanos: 0n })).toEqual([0]);
      expect(await seqsOf({ tenant, fromNanos: 2n, toNanos: 1n })).toEqual([]);
    });

    it("takes hostile text in a condition letter for letter, and gives it back so", async () => {
      const texts = [...HOSTILE_TEXTS, "GET", "get", " GET", "GET ", "%", "_", "\\", "", "ж", "Ж"];
      const tenant = await stored(
        texts.map((text, index) => request(BigInt(index), { clientIp: text, method: text, path: `/${text}/` })),
      );
      const { rows } = await harness.accessLog.list({ ...NO_CONDITIONS, tenant }, 1000, 0, signal);
      expect(rows.map(({ clientIp, method, path }) => ({ clientIp, method, path })).reverse()).toEqual(
        texts.map((text) => ({ clientIp: text, method: text, path: `/${text}/` })),
      );
      const matching = (matches: (text: string) => boolean) =>
        texts.flatMap((text, seq) => (matches(text) ? [seq] : [])).reverse();
      for (const text of texts) {
        const lower = text.toLowerCase();
        expect(await seqsOf({ tenant, clientIp: text }), `client ${text}`).toEqual(matching((some) => some === text));
        expect(await seqsOf({ tenant, method: text }), `method ${text}`).toEqual(
          matching((some) => some.toLowerCase() === lower),
        );
        expect(await seqsOf({ tenant, pathPart: text }), `path ${text}`).toEqual(
          matching((some) => `/${some}/`.includes(text)),
        );
      }
    });
  });
}

const NO_CONDITIONS = {
  clientIp: undefined,
  status: undefined,
  method: undefined,
  pathPart: undefined,
  fromNanos: undefined,
  toNanos: undefined,
};
