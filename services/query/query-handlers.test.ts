import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  type AccessRow,
  AccessRowSchema,
  ListLogsRequestSchema,
  SearchLogEntriesRequestSchema,
  SearchLogsRequestSchema,
  type SearchLogsResponse,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { MemoryCache } from "../adapters/memory/cache.ts";
import { MemoryLogSearch } from "../adapters/memory/log-search.ts";
import { MemoryStore } from "../adapters/memory/memory-store.ts";
import type { LogPulseError } from "../domain/errors.ts";
import { ANSWER_BYTES_MAX } from "../domain/limits.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../ports/build-logged-batch.ts";
import { noDeadLetters } from "../ports/contract-batches.ts";
import type { LogLookup } from "../ports/log-lookup.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { displayId } from "./access-row.ts";
import { type QueryParts, queryService } from "./query-handlers.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 13);
const START = BigInt(NOW_MS) * 1_000_000n;
const { signal } = new AbortController();
const context: CallContext = { tenant: "default", client: "10.0.0.1", signal, stopping: signal };
const producer = newProducer(NOW_MS);

/** Counts how often the store is asked. */
class CountingLookup implements LogLookup {
  asked = 0;
  private readonly store: MemoryStore;
  constructor(store: MemoryStore) {
    this.store = store;
  }
  async get(...asked: Parameters<LogLookup["get"]>) {
    this.asked++;
    return this.store.get(asked[0], asked[1]);
  }
  async check() {}
}

async function query(records: RecordToBuild[], tenant = "default") {
  const store = new MemoryStore();
  const add = (more: RecordToBuild[], firstSeq = 0) =>
    store.store([buildLoggedBatch({ tenant, producer, firstSeq, records: more })], noDeadLetters, context.signal);
  await add(records);
  const lookup = new CountingLookup(store);
  const clock = { nowMs: () => NOW_MS, sleep: async () => {} };
  const parts: QueryParts = {
    lookup,
    search: new MemoryLogSearch((of) => store.recordsOf(of)),
    accessLog: store,
    cache: new MemoryCache(clock),
    lookupTtlMs: 1_000,
  };
  const methods = queryService(parts).methods;
  const call = async <Response>(name: string, request: object): Promise<Response> => {
    const handler = methods.find(({ method }) => method.localName === name)!.handler;
    return (await (handler.handle as (request: object, context: CallContext) => Promise<unknown>)(
      request,
      context,
    )) as Response;
  };
  return {
    add,
    lookup,
    call,
    search: (init: MessageInitShape<typeof SearchLogsRequestSchema>) =>
      call<SearchLogsResponse>("searchLogs", create(SearchLogsRequestSchema, init)),
  };
}

const at = (nanos: number, record: RecordToBuild): RecordToBuild => ({
  ...record,
  time: nanosToTimestamp(START + BigInt(nanos)),
});
const messages = (response: SearchLogsResponse) => response.logs.map((log) => log.record?.message);
const errorOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (reason: unknown) => reason as LogPulseError,
  );

describe("GetLog", () => {
  it("finds a record, and asks the store once for it", async () => {
    const { call, lookup } = await query([{ message: "hello", service: "shop", severityText: "Warn" }]);
    const id = `${producer}-0`;
    const first = await call<{ log: unknown }>("getLog", { id });
    expect(first.log).toMatchObject({ id, record: { message: "hello" } });
    expect(await call("getLogEntry", { id })).toMatchObject({
      id,
      serviceName: "shop",
      level: "Warn",
      message: "hello",
    });
    expect(lookup.asked).toBe(1);
  });

  it("does not remember a miss", async () => {
    const { call, add } = await query([]);
    const id = `${producer}-5`;
    expect(await errorOf(call("getLog", { id }))).toMatchObject({ kind: "not_found" });
    await add([{ message: "late" }], 5);
    expect(await call("getLog", { id })).toMatchObject({ log: { id } });
  });

  it("refuses an id of another form and does not find another tenant's record", async () => {
    const { call } = await query([{ message: "secret" }], "other");
    expect(await errorOf(call("getLog", { id: "x' OR 1=1" }))).toMatchObject({
      kind: "invalid_request",
      metadata: { field: "id" },
    });
    expect(await errorOf(call("getLog", { id: `${producer}-0` }))).toMatchObject({ kind: "not_found" });
  });
});

describe("SearchLogs", () => {
  it("pages through records that share a nanosecond, losing and repeating none", async () => {
    const records = Array.from({ length: 250 }, (_, i) => at(Math.floor(i / 60), { message: `m${i}` }));
    const { search } = await query(records);
    const seen: (string | undefined)[] = [];
    let pageToken = "";
    do {
      const page = await search({ pageSize: 7, pageToken });
      seen.push(...messages(page));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(Array.from({ length: 250 }, (_, i) => `m${249 - i}`));
  });

  it("ends a page early where its records are large, and goes on behind it", async () => {
    const { search } = await query(
      Array.from({ length: 40 }, (_, i) => at(i, { message: `${i} ${"x".repeat(250_000)}` })),
    );
    const first = await search({ pageSize: 40 });
    expect(first.logs.length).toBeLessThan(16);
    expect(first.nextPageToken).not.toBe("");
    const second = await search({ pageSize: 40, pageToken: first.nextPageToken });
    expect(second.logs[0]?.record?.message).toMatch(new RegExp(`^${39 - first.logs.length} `));
  });

  it("says there is no next page exactly when there is none", async () => {
    const { search } = await query([{ message: "a" }, { message: "b" }]);
    expect((await search({ pageSize: 2 })).nextPageToken).toBe("");
    expect((await search({ pageSize: 1 })).nextPageToken).not.toBe("");
    expect((await search({ pageSize: 1, words: "nothing" })).nextPageToken).toBe("");
  });

  it.each([
    ["a token of another query", { pageToken: "TOKEN", words: "b" }, /belongs to a query with other conditions/],
    ["an altered token", { pageToken: "AAAA" }, /not a token that this server gave out/],
    ["an endless token", { pageToken: "A".repeat(513) }, /513 characters long; the limit is 512/],
    ["a negative page size", { pageSize: -1 }, /page_size is -1; it must not be negative/],
    ["65 words", { words: "w ".repeat(65) }, /words has 65 words; the limit is 64/],
    ["a text without words", { phrase: "!!!" }, /phrase has no word in it/],
    ["a text of 9 KiB", { service: "s".repeat(9_000) }, /service is 9000 bytes long; the limit is 8192/],
    [
      "an end before the start",
      { startTime: nanosToTimestamp(START), endTime: nanosToTimestamp(START - 1n) },
      /end_time lies before/,
    ],
    ["a start in 1969", { startTime: nanosToTimestamp(-1n) }, /start_time has -1 seconds/],
  ])("refuses %s", async (_name, wrong, text) => {
    const { search } = await query([{ message: "a" }, { message: "a" }]);
    const { nextPageToken } = await search({ words: "a", pageSize: 1 });
    const request =
      "pageToken" in wrong && wrong.pageToken === "TOKEN" ? { ...wrong, pageToken: nextPageToken } : wrong;
    expect(await errorOf(search(request))).toMatchObject({
      kind: "invalid_request",
      message: expect.stringMatching(text),
    });
  });
});

describe("the plain log API's search", () => {
  const find = async (init: MessageInitShape<typeof SearchLogEntriesRequestSchema>) => {
    const { call } = await query([
      at(0, { message: "payment failed", service: "payment-service", severityText: "ERROR" }),
      at(1, { message: "cart saved", service: "cart", severityText: "INFO" }),
    ]);
    const response = await call<{ count: number; data: { message: string }[] }>(
      "searchLogEntries",
      create(SearchLogEntriesRequestSchema, init),
    );
    expect(response.count).toBe(response.data.length);
    return response.data.map((entry) => entry.message);
  };

  it.each([
    [{ q: "payment-service" }, ["payment failed"]],
    [{ q: "ERROR" }, ["payment failed"]],
    [{ q: "saved" }, ["cart saved"]],
    [{ level: "error" }, ["payment failed"]],
    [{ q: "cart", level: "ERROR" }, []],
    [{}, ["cart saved", "payment failed"]],
  ])("%j", async (init, expected) => expect(await find(init)).toEqual(expected));
});

describe("ListLogs", () => {
  it("ends a page early where its rows are large, and counts all of them", async () => {
    const { call } = await query(Array.from({ length: 600 }, (_, i) => at(i, { http: { path: "p".repeat(8_191) } })));
    const request = create(ListLogsRequestSchema, { limit: "1000" });
    const { data, meta } = await call<{ data: AccessRow[]; meta: unknown }>("listLogs", request);
    expect(meta).toEqual({ total: 600, limit: 1000, offset: 0 });
    expect(data.reduce((bytes, row) => bytes + toBinary(AccessRowSchema, row).length, 0)).toBeLessThan(
      ANSWER_BYTES_MAX,
    );
    expect(data.length).toBeGreaterThan(400);
    expect(data.length).toBeLessThan(600);
  });

  const rows = [
    at(0, {
      http: {
        clientIp: "1.1.1.1",
        method: "GET",
        path: "/a%b",
        status: 200,
        latency: { seconds: 1n, nanos: 500_600_000 },
      },
    }),
    at(1, { http: { clientIp: "2.2.2.2", method: "post", path: "/upload", status: 404 } }),
    at(2, { message: "no request" }),
  ];
  const list = async (init: MessageInitShape<typeof ListLogsRequestSchema>) =>
    (await query(rows)).call<{ data: { path: string }[]; meta: unknown }>(
      "listLogs",
      create(ListLogsRequestSchema, init),
    );

  it("has the dashboard's shape, newest first, access records only", async () => {
    const { data, meta } = await list({});
    expect(meta).toEqual({ total: 2, limit: 50, offset: 0 });
    expect(data[1]).toMatchObject({
      id: displayId("default", producer, 0),
      ip: "1.1.1.1",
      method: "GET",
      path: "/a%b",
      status: 200,
      latencyMs: 1501,
    });
    expect(data[0]).toMatchObject({ ip: "2.2.2.2", status: 404, latencyMs: 0 });
    expect(Number.isSafeInteger(displayId("default", producer, 0))).toBe(true);
  });

  it.each([
    [{ method: "POST" }, ["/upload"]],
    [{ path: "%" }, ["/a%b"]],
    [{ ip: "1.1.1.1" }, ["/a%b"]],
    [{ ip: "", status: "", method: "", path: "", from: "", to: "", limit: "", offset: "" }, ["/upload", "/a%b"]],
    [{ status: "404" }, ["/upload"]],
    [{ from: "2026-11-21T13:00:00.000000001Z" }, ["/upload"]],
    [{ to: "2026-11-21T13:00:00Z" }, ["/a%b"]],
    [{ offset: "1" }, ["/a%b"]],
    [{ path: "' OR '1'='1" }, []],
  ])("%j", async (init, expected) => expect((await list(init)).data.map((row) => row.path)).toEqual(expected));

  it.each([
    [{ limit: "0" }, /limit is "0"; it must be a number from 1 to 1000/],
    [{ limit: "1001" }, /limit is "1001"/],
    [{ limit: "ten" }, /limit is "ten"/],
    [{ offset: "-1" }, /offset is "-1"/],
    [{ offset: "10001" }, /offset is "10001"; it must be a number from 0 to 10000/],
    [{ status: "1000" }, /status is "1000"/],
    [{ status: "4e2" }, /status is "4e2"/],
    [{ from: "now" }, /from is "now"/],
    [{ to: "2026-13-01T00:00:00Z" }, /to is "2026-13/],
  ])("%j is refused by name", async (init, text) =>
    expect(await errorOf(list(init))).toMatchObject({ kind: "invalid_request", message: expect.stringMatching(text) }),
  );
});
