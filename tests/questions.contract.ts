import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";

const START_MS = Math.floor((Date.now() - 600_000) / 60_000) * 60_000;
const HISTORY = "history=3600s";
const STREAM_MS_MAX = 20_000;

const RECORDS = [
  { service: "pay", level: "ERROR", message: "card declined for user 8812", attributes: { user: "8812", retry: true } },
  { service: "pay", level: "INFO", message: "payment of 10.50 taken", attributes: { user: "8813", amount: 10.5 } },
  { service: "cart", level: "warn", message: "slow answer from stock-server", traceId: "ab".repeat(16) },
  { service: "cart", level: "INFO", message: '=HYPERLINK("http://evil")', attributes: { tags: ["a", "b"] } },
  {
    service: "gate",
    level: "INFO",
    message: "GET /health",
    http: { method: "GET", path: "/health?probe=1", status: 200 },
  },
  { service: "gate", level: "ERROR", message: "POST /pay", http: { method: "POST", path: "/pay", status: 503 } },
] as const;

interface Answer {
  status: number;
  type: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON; what it must be is in the tables below.
  body: any;
}

/** Every question that people ask of logs, by REST, good and bad. */
export function questionsContract(mode: string, start: StartInstallation): void {
  describe(`questions, ${mode}`, { timeout: 60_000 }, () => {
    let logpulse: Installation;
    const producerId = Buffer.from(makeUuidV7(Date.now(), randomBytes(10))).toString("base64");
    const producer = Buffer.from(producerId, "base64").toString("hex");

    const get = async (path: string, headers: Record<string, string> = {}): Promise<Answer> => {
      const answer = await fetch(logpulse.url + path, { headers, signal: AbortSignal.timeout(STREAM_MS_MAX) });
      const type = answer.headers.get("content-type");
      const body = type === "application/json" ? await answer.json() : await answer.text();
      return { status: answer.status, type, body };
    };
    const ask = (route: string, parameters: Record<string, string> = {}) =>
      get(`/v1/${route}?${new URLSearchParams(parameters)}`);

    beforeAll(async () => {
      logpulse = await start();
      const records = RECORDS.map(({ level, ...record }, index) => ({
        ...record,
        severityText: level,
        time: new Date(START_MS + index * 1_000).toISOString(),
      }));
      const written = await fetch(`${logpulse.url}/v1/logs:write`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ producerId, firstSeq: "0", records }),
      });
      expect(written.status).toBe(200);
      await eventually(
        () => ask("logs:search"),
        ({ body }) => body.logs?.length === RECORDS.length,
      );
      await eventually(
        () => ask("stats/errors"),
        ({ body }) => body.all?.requests === 2,
      );
    });
    afterAll(() => logpulse?.stop());

    it.each<[query: string, seqs: number[]]>([
      ["", [5, 4, 3, 2, 1, 0]],
      ["level:error", [5, 0]],
      ["level>=warn", [5, 2, 0]],
      ["service:pay declined", [0]],
      ['"stock-server"', [2]],
      ["stock-server", [2]],
      ["pay*", [5, 1]],
      ["attr.user:8812", [0]],
      ["attr.amount:10.5", [1]],
      ["attr.tags:b", [3]],
      ["attr.user:*", [1, 0]],
      ["attr.user:88*", [1, 0]],
      [`trace:${"ab".repeat(16)}`, [2]],
      ["status>=500", [5]],
      ["status:*", [5, 4]],
      ["path:/health*", [4]],
      ["path~probe", [4]],
      ["-path~/health status:*", [5]],
      ["service:(pay OR cart) -level:info", [2, 0]],
      ["NOT (service:pay OR service:gate)", [3, 2]],
      ["method:post", [5]],
    ])("a search for %j", async (query, seqs) => {
      const { status, body } = await ask("logs:search", { query });
      expect(status).toBe(200);
      expect(body.logs.map(({ id }: { id: string }) => Number(id.slice(33)))).toEqual(seqs);
      expect(body).toMatchObject({ partial: false, nextPageToken: "" });
    });

    it("searches are the same as a typed filter", async () => {
      const filter = {
        all: { filters: [{ level: "error" }, { not: { text: { field: "FIELD_SERVICE", equals: "pay" } } }] },
      };
      const answer = await fetch(`${logpulse.url}/v1/logs:search`, {
        method: "POST",
        body: JSON.stringify({ filter }),
      });
      const { logs } = (await answer.json()) as { logs: { id: string }[] };
      expect(logs.map(({ id }) => id)).toEqual([`${producer}-5`]);
    });

    it("the records around one", async () => {
      const { body } = await get(`/v1/logs/${producer}-2:context?before=1&after=2`);
      expect(body.basis).toBe("BASIS_PRODUCER");
      expect(
        [body.before, [body.log], body.after].map((logs) => logs.map(({ id }: { id: string }) => id.slice(33))),
      ).toEqual([["1"], ["2"], ["3", "4"]]);
    });

    it("a histogram, facets and fields", async () => {
      const histogram = await ask("logs:histogram", { query: "service:pay", bucketWidth: "1s" });
      expect(histogram.body).toMatchObject({
        buckets: [
          { startTime: new Date(START_MS).toISOString().replace(".000", ""), total: 1, levels: { ERROR: 1 } },
          { total: 1, levels: { INFO: 1 } },
        ],
        bucketWidth: "1s",
        total: 2,
      });
      const facets = await get(
        "/v1/logs:facets?fields=service&fields=level&fields=attr.user&fields=status&query=-cart",
      );
      expect(facets.body.facets).toEqual([
        {
          field: "service",
          values: [
            { value: "cart", count: 2, query: "service:cart" },
            { value: "gate", count: 2, query: "service:gate" },
            { value: "pay", count: 2, query: "service:pay" },
          ],
          countErrorMax: 0,
        },
        {
          field: "level",
          values: [
            { value: "INFO", count: 3, query: "level:INFO" },
            { value: "ERROR", count: 2, query: "level:ERROR" },
            { value: "WARN", count: 1, query: "level:WARN" },
          ],
          countErrorMax: 0,
        },
        {
          field: "attr.user",
          values: [
            { value: "8812", count: 1, query: "attr.user:8812" },
            { value: "8813", count: 1, query: "attr.user:8813" },
          ],
          countErrorMax: 0,
        },
        {
          field: "status",
          values: [
            { value: "200", count: 1, query: "status:200" },
            { value: "503", count: 1, query: "status:503" },
          ],
          countErrorMax: 0,
        },
      ]);
      const fields = await ask("logs:fields");
      expect(fields.body.recordsLookedAt).toBe(RECORDS.length);
      expect(fields.body.fields).toContainEqual(expect.objectContaining({ name: "status", type: "TYPE_NUMBER" }));
      expect(fields.body.fields).toContainEqual(
        expect.objectContaining({ name: "attr.user", type: "TYPE_ATTRIBUTE", records: 2, kinds: ["string"] }),
      );
    });

    it("a text is read, and written again", async () => {
      const { body } = await ask("query:parse", { query: "service:pay   timeout" });
      expect(body).toMatchObject({ errors: [], canonical: "service:pay timeout" });
      expect(JSON.stringify(body.filter)).toContain("FIELD_SERVICE");
    });

    it.each<[text: string, position: number]>([
      ['a "b', 2],
      ["(a", 0],
      ["status>=abc", 0],
      ["servce:pay", 0],
      ["*foo", 0],
      ["path:*x", 5],
      ["a OR", 2],
      ["()", 0],
    ])("%j has an error at %i, with a sentence", async (query, position) => {
      const parsed = await ask("query:parse", { query });
      expect(parsed.status).toBe(200);
      expect(parsed.body.errors[0]).toMatchObject({ position, message: expect.stringMatching(/\w.*/) });
      expect(parsed.body.filter ?? null).toBeNull();
      const search = await ask("logs:search", { query });
      expect(search).toMatchObject({
        status: 400,
        body: { code: 3, message: expect.stringContaining(`character ${position}`) },
      });
      const info = search.body.details.find((detail: { "@type": string }) => detail["@type"].endsWith("ErrorInfo"));
      expect(info.metadata).toMatchObject({ field: "query", position: String(position) });
    });

    it.each([
      ["10,000 terms", "a ".repeat(4_000)],
      ["deep nesting", `${"(".repeat(100)}a${")".repeat(100)}`],
      ["a long text", "x".repeat(9_000)],
    ])("%s are refused in words", async (_name, query) => {
      expect(await ask("logs:search", { query })).toMatchObject({ status: 400, body: { code: 3 } });
    });

    it.each<[string, Record<string, string>]>([
      ["logs:search", { pageSize: "-1" }],
      ["logs:search", { pageToken: "AAAA" }],
      ["logs:search", { timeout: "3600s" }],
      ["logs:search", { messageBytesMax: "-5" }],
      ["logs:search", { startTime: "2026-01-02T00:00:00Z", endTime: "2026-01-01T00:00:00Z" }],
      ["logs:export", { query: '"' }],
      ["logs:exportCsv", { recordsMax: "-1" }],
      ["logs:histogram", { bucketsMax: "100000" }],
      ["logs:histogram", { bucketWidth: "0.0001s" }],
      ["logs:facets", {}],
      ["logs:facets", { fields: "nobody.knows" }],
      ["logs:facets", { fields: "service", valuesMax: "101" }],
      ["logs:tail", { cursor: "nonsense" }],
      ["logs:tail", { query: "servce:x" }],
      ["logs:tail", { history: "-1s" }],
      ["stats/errors", { startTime: "2026-01-02T00:00:00Z", endTime: "2026-01-01T00:00:00Z" }],
      ["stats/latency", { startTime: "1970-01-01T00:00:00Z" }],
      ["stats/latency", { groupsMax: "-1" }],
      [
        "stats/traffic",
        { startTime: "2026-01-01T00:00:00Z", endTime: "2026-03-01T00:00:00Z", step: "STATS_STEP_MINUTE" },
      ],
      ["stats/traffic", { grouping: "STATS_GROUPING_NOBODY" }],
    ])("GET /v1/%s with %j is refused in words", async (route, parameters) => {
      const { status, body } = await ask(route, parameters);
      expect(status).toBe(400);
      expect(body).toMatchObject({ code: 3, message: expect.stringMatching(/\w+ .*\w+/) });
    });

    it("an export as lines of JSON, and as a table", async () => {
      const lines = await ask("logs:export", { query: "service:pay", order: "ORDER_OLDEST_FIRST" });
      expect(lines).toMatchObject({ status: 200, type: "application/x-ndjson" });
      const messages = lines.body
        .trimEnd()
        .split("\n")
        .map((line: string) => JSON.parse(line));
      expect(messages).toMatchObject([
        { log: { id: `${producer}-0`, record: { message: RECORDS[0].message, attributes: RECORDS[0].attributes } } },
        { log: { id: `${producer}-1` } },
        { end: { complete: true, records: 2, reason: "" } },
      ]);
      const table = await ask("logs:exportCsv", { query: "service:cart level:info" });
      expect(table).toMatchObject({ status: 200, type: "text/csv; charset=utf-8" });
      const [header, row, end] = table.body.split("\r\n");
      expect(header).toMatch(/^id,time,/);
      expect(row).toContain(`,cart,"'=HYPERLINK(""http://evil"")",`);
      expect(end).toBe("#end,complete,1 records,");
    });

    it("a tail, as lines of JSON and as events, from history to what comes", async () => {
      const stop = new AbortController();
      const path = `/v1/logs:tail?query=service:live&${HISTORY}`;
      const open = async (accept: string) => {
        const answer = await fetch(logpulse.url + path, { signal: stop.signal, headers: { accept } });
        return { type: answer.headers.get("content-type"), lines: new Lines(answer) };
      };
      const write = async (message: string) => {
        const body = JSON.stringify({ service_name: "live", level: "INFO", message });
        expect((await fetch(`${logpulse.url}/logs`, { method: "POST", body })).status).toBe(201);
      };
      await write("one");
      const [tail, events] = [await open("*/*"), await open("text/event-stream")];
      expect([tail.type, events.type]).toEqual(["application/x-ndjson", "text/event-stream"]);
      for (const { lines } of [tail, events]) await lines.until((line) => line.includes('"one"'));
      await write("two");
      const line = await tail.lines.until((text) => text.includes('"two"'));
      expect(JSON.parse(line).records.logs[0].record).toMatchObject({ service: "live", message: "two" });
      expect(await events.lines.until((text) => text.includes('"two"'))).toMatch(/^data: \{/);
      stop.abort();
    });

    it("a range of the log again, by its cursors, with an end that is said", async () => {
      const stop = new AbortController();
      const path = `/v1/logs:tail?query=service:range&${HISTORY}`;
      const tail = new Lines(await fetch(logpulse.url + path, { signal: stop.signal }));
      const cursors: string[] = [];
      for (const message of ["one", "two", "three"]) {
        const body = JSON.stringify({ service_name: "range", level: "INFO", message });
        expect((await fetch(`${logpulse.url}/logs`, { method: "POST", body })).status).toBe(201);
        const line = await tail.until((text) => text.includes(`"${message}"`));
        cursors.push(JSON.parse(line).cursor);
      }
      stop.abort();
      const [cursor, untilCursor] = [cursors[0]!, cursors[1]!];
      const range = await ask("logs:tail", { query: "service:range", cursor, untilCursor });
      const messages = range.body
        .trimEnd()
        .split("\n")
        .map((line: string) => JSON.parse(line));
      expect(messages.at(-1)).toMatchObject({ end: { reason: "REASON_DONE" } });
      const shown = messages.flatMap((message: { records?: { logs: { record: { message: string } }[] } }) =>
        (message.records?.logs ?? []).map(({ record }) => record.message),
      );
      expect(shown).toEqual(["two"]);
    });

    it("statistics with their coverage", async () => {
      const { body } = await ask("stats/errors", { grouping: "STATS_GROUPING_PATH", previousPeriod: "true" });
      expect(body.coverage).toMatchObject({
        recordsCounted: 2,
        maxRelativeError: 0,
        groupsTotal: 2,
        method: expect.stringMatching(/\w/),
        watermark: expect.stringMatching(/^20/),
      });
      expect(body.all).toMatchObject({
        requests: 2,
        serverErrors: 1,
        clientErrors: 0,
        statuses: { "200": 1, "503": 1 },
      });
      expect(body.previous).toMatchObject({ requests: 0 });
      expect(body.groups.map(({ path }: { path: string }) => path)).toEqual(["/health", "/pay"]);
    });
  });
}

/** Lines of an answer that goes on. */
class Lines {
  private readonly reader: ReadableStreamDefaultReader<string>;
  private rest = "";

  constructor(answer: Response) {
    this.reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next line that is so; those before it are dropped. @throws Error where it does not come in time. */
  async until(holds: (line: string) => boolean): Promise<string> {
    const endMs = Date.now() + STREAM_MS_MAX;
    while (Date.now() < endMs) {
      const end = this.rest.indexOf("\n");
      if (end >= 0) {
        const line = this.rest.slice(0, end);
        this.rest = this.rest.slice(end + 1);
        if (holds(line)) return line;
        continue;
      }
      const { done, value } = await this.reader.read();
      if (done) throw new Error(`the stream ended; came: ${this.rest.slice(0, 1_000)}`);
      this.rest += value;
    }
    throw new Error(`not within ${STREAM_MS_MAX} ms; came: ${this.rest.slice(0, 1_000)}`);
  }
}
