import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { NumberCondition_Field, TextCondition_Field } from "../../gen/logpulse/v1/filter_pb.ts";
import {
  type ExportLogsRequest,
  ExportLogsResponseSchema,
  type GetHistogramRequest,
  GetHistogramResponseSchema,
  type SearchLogsRequest,
  SearchLogsResponseSchema,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import type { CommandContext, OptionValues } from "../command.ts";
import type { ServerConnection } from "../connection.ts";
import { EXIT } from "../exit-code.ts";
import { fakeConnection } from "../fake-connection.fixture.ts";
import { type TestTerminalOptions, testTerminal } from "../terminal/terminal.fixture.ts";
import { runSearch } from "./run-search.ts";

const NOW = Date.UTC(2026, 2, 1, 10, 42);
const LOG = { id: "a-1", record: { time: { seconds: BigInt(NOW / 1_000) }, message: "x" } };

/** Runs a search, and gives what it showed beside how it ended. */
async function search(
  options: OptionValues,
  { words = [], connection = answering({ logs: [LOG] }).connection, ...terminalOptions }: SearchOptions = {},
) {
  const { terminal, printed, said } = testTerminal(terminalOptions);
  const signal = new AbortController().signal;
  const context: CommandContext = { options, words, terminal, connection, signal, nowMs: () => NOW, environment: {} };
  const code = await runSearch(context);
  return { code, out: printed(), err: said() };
}

interface SearchOptions extends TestTerminalOptions {
  words?: string[];
  connection?: ServerConnection;
}

/** A server with this one page, and what it was asked. */
function answering(page: object) {
  const asked: SearchLogsRequest[] = [];
  const connection = fakeConnection({
    searchLogs(request) {
      asked.push(request);
      return create(SearchLogsResponseSchema, page);
    },
  });
  return { asked, connection };
}

describe("a search that is refused", () => {
  it.each<[OptionValues, string]>([
    [{ from: "soon" }, '--from is "soon"; it must be a time: -15m, now, 10:42 (today), 2026-03-01,'],
    [{ from: "2262-12-01" }, '--from is "2262-12-01"; it must be a time from 1970 to 2262-04-11'],
    [{ from: "2026-03-02" }, "--from lies in the future; --to says until when"],
    [{ from: "now", to: "-1h" }, "--to is not later than --from"],
    [{ limit: "0" }, '--limit is "0"; it must be a whole number from 1 to 100000, or all'],
    [{ limit: "many" }, '--limit is "many"; it must be'],
    [
      { level: "wran" },
      '--level is "wran"; it must be one of trace, debug, info, warn, error, fatal; did you mean warn?',
    ],
    [{ service: "" }, '--service is ""; it must be a name'],
    [{ context: "501" }, '--context is "501"; it must be a whole number from 0 to 500'],
    [{ count: true, limit: "5" }, "--count and --limit do not go together"],
    [{ count: true, "oldest-first": true }, "--count and --oldest-first do not go together"],
  ])("%j: %s", async (options, message) => {
    await expect(search(options)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining(message),
    });
  });
});

describe("what a search asks for", () => {
  it("is the last 15 minutes, unless told", async () => {
    const { asked, connection } = answering({});
    await search({}, { connection });
    expect(asked[0]).toMatchObject({ query: "", startTime: { seconds: BigInt(NOW / 1_000 - 900) }, pageSize: 100 });
    expect(asked[0]!.filter).toBeUndefined();
  });

  it.each([
    [{}, NOW / 1_000 + 600],
    [{ to: "10:00" }, NOW / 1_000 - 42 * 60],
  ])("ends at the same time, whether there is a limit or not, and for a count: %j", async (options, endSeconds) => {
    const asked: (SearchLogsRequest | ExportLogsRequest | GetHistogramRequest)[] = [];
    const connection = fakeConnection({
      searchLogs(request) {
        asked.push(request);
        return create(SearchLogsResponseSchema);
      },
      getHistogram(request) {
        asked.push(request);
        return create(GetHistogramResponseSchema);
      },
      async *exportLogs(request) {
        asked.push(request);
        yield create(ExportLogsResponseSchema, { event: { case: "end", value: { complete: true } } });
      },
    });
    for (const more of [{}, { limit: "5" }, { limit: "all" }, { count: true } as const]) {
      await search({ from: "-1h", ...options, ...more }, { connection });
    }
    expect(asked.map(({ endTime }) => Number(endTime!.seconds))).toEqual(Array(4).fill(endSeconds));
  });

  it("is what words, level and service say together", async () => {
    const { asked, connection } = answering({});
    await search({ level: "warning", service: "auth" }, { words: ["a", "-path:/x"], connection });
    expect(asked[0]!.query).toBe("a -path:/x");
    expect(asked[0]!.filter!.condition).toMatchObject({
      case: "all",
      value: {
        filters: [
          { condition: { case: "number", value: { field: NumberCondition_Field.SEVERITY, min: 13n } } },
          {
            condition: {
              case: "text",
              value: { field: TextCondition_Field.SERVICE, test: { case: "equals", value: "auth" } },
            },
          },
        ],
      },
    });
  });

  it("leaves the server time to say what it has found by then", async () => {
    const { asked, connection } = answering({});
    await search({}, { connection }); // Of two seconds.
    expect(asked[0]!.timeout).toMatchObject({ seconds: 1n, nanos: 600_000_000 });
  });
});

describe("how a search ends", () => {
  it("says on a terminal what it was about, elsewhere nothing", async () => {
    expect((await search({}, { isTty: true })).err).toBe("-- 1 record from 10:27:00.000 to 10:52:00.000 (UTC)\n");
    expect((await search({})).err).toBe("");
  });

  it.each([
    [{}, /^-- nothing from .*; --from -24h looks further back\n$/],
    [{ from: "-48h" }, /^-- nothing from .* \(UTC\)\n$/],
  ])("says where else to look for what was not found: %j", async (options, expected) => {
    const { connection } = answering({});
    expect((await search(options, { connection, isTty: true })).err).toMatch(expected);
  });

  it("says that it is not whole", async () => {
    const { connection } = answering({ logs: [LOG], partial: true });
    const { code, out, err } = await search({}, { connection });
    expect(code).toBe(EXIT.incomplete);
    expect(out).toContain("x\n");
    expect(err).toMatch(/^-- 1 record, not all: the search ran out of time/);
  });

  it("says that there is more", async () => {
    const { connection } = answering({ logs: [LOG], nextPageToken: "more" });
    const { code, err } = await search({ limit: "1" }, { connection });
    expect([code, err]).toEqual([EXIT.done, "-- the newest 1 record; there are more: --limit N, --limit all\n"]);
  });

  it("says what an export left out, and why", async () => {
    const asked: ExportLogsRequest[] = [];
    const connection = fakeConnection({
      async *exportLogs(request) {
        asked.push(request);
        const end = { complete: false, reason: "the store is away" };
        yield create(ExportLogsResponseSchema, { event: { case: "end", value: end } });
      },
    });
    const { code, err } = await search({ limit: "all" }, { connection });
    expect(code).toBe(EXIT.incomplete);
    expect(err).toMatch(/^-- 0 records, not all: the store is away/);
    expect(asked).toHaveLength(1);
  });
});
