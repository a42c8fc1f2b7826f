import { describe, expect, it } from "vitest";
import { type ExportEnd, Order } from "../../gen/logpulse/v1/query_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { EXPORT_MS_MAX, EXPORT_PAGE_RECORDS, EXPORTS_PER_CLIENT_MAX } from "../domain/limits.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import type { LogSearch } from "../ports/log-search.ts";
import { at, context, errorOf, queryRole, START } from "./query.fixture.ts";

const COUNT = EXPORT_PAGE_RECORDS * 2 + 500;
const MANY = Array.from({ length: COUNT }, (_, i) => at(Math.floor(i / 7), { message: `m${i}` }));

/** A search that answers so many times, then fails. */
const failing = (times: number, reason: () => Error) => (real: LogSearch) => ({
  check: () => real.check(),
  search: (...asked: Parameters<LogSearch["search"]>) => {
    if (times-- <= 0) return Promise.reject(reason());
    return real.search(...asked);
  },
});

describe("ExportLogs", () => {
  it("sends every record once, in order, over many pages, and then the end", async () => {
    const { stream } = await queryRole(MANY);
    const sent = await stream("exportLogs", { order: Order.OLDEST_FIRST });
    const logs = sent.flatMap(({ event }) => (event.case === "log" ? [event.value.record?.message] : []));
    expect(logs).toEqual(MANY.map(({ message }) => message));
    expect(sent.at(-1)).toMatchObject({
      event: { case: "end", value: { complete: true, records: COUNT, reason: "" } },
    });
  });

  it.each([
    [{ recordsMax: 3n }, ["m3", "m2", "m1"]],
    [{ recordsMax: 1n, order: Order.OLDEST_FIRST }, ["m0"]],
    [{ query: "m2" }, ["m2"]],
    [{ endTime: nanosToTimestamp(START + 2n) }, ["m1", "m0"]],
    [{ query: "nothing" }, []],
  ])("%o", async (asked, expected) => {
    const { stream } = await queryRole([0, 1, 2, 3].map((nanos) => at(nanos, { message: `m${nanos}` })));
    const sent = await stream("exportLogs", asked);
    expect(sent.slice(0, -1).map(({ event }) => event.case === "log" && event.value.record?.message)).toEqual(expected);
    expect(sent.at(-1)?.event.value).toMatchObject({ complete: true, records: expected.length });
  });

  it("says at its end that it is not whole where the store goes away on the way", async () => {
    const away = () => new LogPulseError("store_unavailable", "the store is away");
    const { stream } = await queryRole(MANY, { search: failing(1, away) });
    const sent = await stream("exportLogs", {});
    expect(sent).toHaveLength(EXPORT_PAGE_RECORDS + 1);
    expect(sent.at(-1)?.event.value).toMatchObject({ complete: false, reason: "the store is away" });
    const { resumeToken } = sent.at(-1)!.event.value as ExportEnd;
    const rest = await (await queryRole(MANY)).stream("exportLogs", { resumeToken });
    expect(rest.at(-1)?.event.value).toMatchObject({
      complete: true,
      records: COUNT - EXPORT_PAGE_RECORDS,
      reason: "",
    });
    const messages = [...sent, ...rest].flatMap(({ event }) =>
      event.case === "log" ? [event.value.record?.message] : [],
    );
    expect(messages).toEqual(MANY.map(({ message }) => message).reverse());
  });

  it("fails where not even the first page can be found", async () => {
    const { stream } = await queryRole(MANY, {
      search: failing(0, () => new LogPulseError("store_unavailable", "away")),
    });
    expect(await errorOf(stream("exportLogs", {}))).toMatchObject({ kind: "store_unavailable" });
  });

  it("goes on after a store that was away for a moment", async () => {
    let call = 0;
    const { stream } = await queryRole(MANY, {
      search: (real) => ({
        check: () => real.check(),
        search: async (...asked: Parameters<LogSearch["search"]>) => {
          if (++call === 2) throw new LogPulseError("store_unavailable", "away");
          return real.search(...asked);
        },
      }),
    });
    expect((await stream("exportLogs", {})).at(-1)?.event.value).toMatchObject({ complete: true, records: COUNT });
  });

  it("ends with the process, and says so", async () => {
    const stop = new AbortController();
    const { stream } = await queryRole(MANY);
    const stopping = { ...context, signal: new AbortController().signal, stopping: stop.signal };
    const sent = await stream("exportLogs", {}, () => stop.abort(), stopping);
    expect(sent.at(-1)?.event.value).toMatchObject({ complete: false, records: 1, reason: "the server stops" });
  });

  it("ends before the door would cut it off, and can be gone on with", async () => {
    const { stream, passTime } = await queryRole(MANY);
    let sentCount = 0;
    const sent = await stream("exportLogs", {}, () => {
      if (++sentCount === 10) passTime(EXPORT_MS_MAX + 1);
    });
    expect(sent).toHaveLength(11);
    expect(sent.at(-1)?.event.value).toMatchObject({
      complete: false,
      records: 10,
      resumeToken: expect.stringMatching(/./),
    });
  });

  it("lets one client have a few at a time, and leaves others theirs", async () => {
    const { stream } = await queryRole(MANY.slice(0, 2));
    const { promise: seen, resolve: see } = Promise.withResolvers<void>();
    const held = Array.from({ length: EXPORTS_PER_CLIENT_MAX }, () => stream("exportLogs", {}, () => seen));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await errorOf(stream("exportLogs", {}))).toMatchObject({ kind: "overloaded", retryAfterMs: 5_000 });
    const other = { ...context, client: "10.0.0.2" };
    expect((await stream("exportLogs", {}, () => {}, other)).at(-1)?.event.value).toMatchObject({ complete: true });
    see();
    await Promise.all(held);
    expect((await stream("exportLogs", {})).at(-1)?.event.value).toMatchObject({ complete: true });
  });

  it("refuses a token of another question", async () => {
    const { stream } = await queryRole(MANY, {
      search: failing(1, () => new LogPulseError("store_unavailable", "away")),
    });
    const { resumeToken } = (await stream("exportLogs", {})).at(-1)!.event.value as ExportEnd;
    expect(await errorOf(stream("exportLogs", { resumeToken, query: "m1" }))).toMatchObject({
      kind: "invalid_request",
      message: expect.stringMatching(/^resume_token belongs to a query with other conditions/),
    });
  });

  it("refuses a negative count", async () => {
    const { stream } = await queryRole([]);
    expect(await errorOf(stream("exportLogs", { recordsMax: -1n }))).toMatchObject({ kind: "invalid_request" });
  });
});

describe("ExportLogsCsv", () => {
  it("sends a header, the records and the end, as text for spreadsheets", async () => {
    const { stream } = await queryRole([
      at(0, { message: '=cmd|" /C calc"!A1', service: "a,b", attributes: { user: "x" } }),
      at(1, { message: "two\nlines", http: { method: "GET", status: 200, latency: { nanos: 1_500_000 } } }),
    ]);
    const sent = await stream("exportLogsCsv", { order: Order.OLDEST_FIRST });
    expect(new Set(sent.map(({ contentType }) => contentType))).toEqual(new Set(["text/csv; charset=utf-8"]));
    const text = Buffer.concat(sent.map(({ data }) => data)).toString();
    expect(text).toMatch(/^id,time,received_time,severity,level,service,message,.*,attributes\r\n/);
    expect(text).toContain(`,"a,b","'=cmd|"" /C calc""!A1",`);
    expect(text).toContain('"{""user"":""x""}"\r\n');
    expect(text).toContain(',"two\nlines",,,,GET,,200,1.5,0,,,,\r\n');
    expect(text).toMatch(/\r\n#end,complete,2 records,\r\n$/);
  });

  it("sends large exports in pieces", async () => {
    const { stream } = await queryRole(MANY.map((record) => ({ ...record, service: "s".repeat(250) })));
    const sent = await stream("exportLogsCsv", {});
    expect(sent.length).toBeGreaterThan(2);
    const lines = Buffer.concat(sent.map(({ data }) => data))
      .toString()
      .split("\r\n");
    expect(lines).toHaveLength(COUNT + 3);
  });
});
