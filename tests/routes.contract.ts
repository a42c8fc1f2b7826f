import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";

const ID = expect.stringMatching(/^[0-9a-f]{32}-\d+$/);
const NUMBER = expect.any(Number);
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
const MINUTE_MS = 60_000;

interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON; what it must be is in the tables below.
  body: any;
}

/**
 * Two systems' clients must work unchanged: every route of theirs, in its shape. `wrongMethod`: the answer to a method
 * that a known path does not have (Envoy: 404).
 */
export function routesContract(mode: string, start: StartInstallation, wrongMethod = { status: 404, code: 5 }): void {
  describe(`the routes of a log API and of an access-log dashboard, ${mode}`, { timeout: 60_000 }, () => {
    let logpulse: Installation;

    const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
      const init: RequestInit = { method, signal: AbortSignal.timeout(10_000) };
      if (body !== undefined) {
        init.body = typeof body === "string" ? body : JSON.stringify(body);
        init.headers = { "content-type": "application/json" };
      }
      const answer = await fetch(logpulse.url + path, init);
      return { status: answer.status, headers: answer.headers, body: await answer.json() };
    };
    const get = (path: string) => call("GET", path);

    const nowMs = Date.now();
    const line = (agoMs: number, ip: string, rest: string) => `${new Date(nowMs - agoMs).toISOString()} ${ip} ${rest}`;
    const LINES = [
      line(1_000, "10.0.0.1", "GET /cart 200 10ms"),
      line(2_000, "10.0.0.1", "GET /cart/items 404 20ms"),
      line(3_000, "10.0.0.2", "POST /pay 500 60ms"),
      line(4_000, "10.0.0.3", "get /cart 404 30ms"),
      line(3 * 60 * MINUTE_MS, "10.0.0.9", "GET /old 503 400ms"),
    ];

    beforeAll(async () => {
      logpulse = await start({
        LOGPULSE_STATS_TTL_HOUR_S: "0",
        LOGPULSE_STATS_TTL_DAY_S: "0",
        LOGPULSE_STATS_TTL_WEEK_S: "0",
      });
      const uploaded = await call("POST", "/upload", LINES);
      expect(uploaded.body).toEqual({ message: "Logs processed" });
      await eventually(
        () => get("/logs"),
        ({ body }) => body.meta?.total === LINES.length,
      );
    });
    afterAll(() => logpulse?.stop());

    describe("POST /logs", () => {
      it.each([
        [
          "service_name",
          {
            service_name: "payment-service",
            level: "ERROR",
            message: "card declined",
            timestamp: "2026-11-20T10:00:00Z",
          },
        ],
        ["service", { service: "cart", level: "warn", message: "slow", timestamp: "2026-11-20T10:00:00+02:00" }],
        ["no timestamp", { service_name: "cart", level: "INFO", message: "hello" }],
      ])("with %s answers 201 with id, message and a total that grows", async (_name, record) => {
        const first = await call("POST", "/logs", record);
        expect(first).toMatchObject({ status: 201, body: { id: ID, message: "log accepted", total_logged: NUMBER } });
        expect(Object.keys(first.body).sort()).toEqual(["id", "message", "total_logged"]);
        const second = await call("POST", "/logs", record);
        expect(second.body.total_logged).toBe(first.body.total_logged + 1);
        expect(second.body.id).not.toBe(first.body.id);
      });

      it.each([
        ["no message", { service_name: "x", level: "INFO" }, /message is empty/],
        ["a bad time", { service_name: "x", message: "m", timestamp: "yesterday" }, /timestamp is "yesterday"/],
        [
          "a long service",
          { service_name: "s".repeat(300), message: "m" },
          /service_name is 300 bytes long; the limit is 256/,
        ],
        ["no JSON", "{", /./],
        ["a wrong type", { message: { a: 1 } }, /./],
      ])("with %s answers 400 that says why", async (_name, record, reason) => {
        const answer = await call("POST", "/logs", record);
        expect(answer).toMatchObject({ status: 400, body: { code: 3, message: expect.stringMatching(reason) } });
      });
    });

    describe("GET /logs/{id}", () => {
      it("finds the record with its level as it was sent", async () => {
        const sent = {
          service_name: "shop",
          level: "Warning",
          message: 'a "quoted" \u0000 🎉 text',
          timestamp: "2026-11-20T10:00:00.123456789Z",
        };
        const { body } = await call("POST", "/logs", sent);
        const found = await eventually(
          () => get(`/logs/${body.id}`),
          ({ status }) => status === 200,
        );
        expect(found.body).toEqual({ id: body.id, ...sent });
        const whole = await get(`/v1/logs/${body.id}`);
        expect(whole.body.log).toMatchObject({
          id: body.id,
          receivedTime: TIME,
          record: { severity: "SEVERITY_WARN", severityText: "Warning" },
        });
      });

      it("answers 404 for an unknown id and 400 for what is none", async () => {
        expect(await get(`/logs/${"0".repeat(32)}-1`)).toMatchObject({ status: 404, body: { code: 5 } });
        expect(await get("/logs/42")).toMatchObject({
          status: 400,
          body: { code: 3, message: expect.stringMatching(/^id is "42"/) },
        });
      });
    });

    describe("GET /logs/search", () => {
      beforeAll(async () => {
        await call("POST", "/logs", { service_name: "search-service", level: "FATAL", message: "needle in the hay" });
        await call("POST", "/logs", { service_name: "other", level: "INFO", message: "needle again" });
        await eventually(
          () => get("/logs/search?q=needle"),
          ({ body }) => body.count === 2,
        );
      });

      it.each([
        ["?q=needle", ["needle again", "needle in the hay"]],
        ["?q=search-service", ["needle in the hay"]],
        ["?q=FATAL", ["needle in the hay"]],
        ["?q=needle&level=FATAL", ["needle in the hay"]],
        ["?q=needle&level=INFO", ["needle again"]],
        ["?level=fatal", ["needle in the hay"]],
        ["?q=nothing-like-this", []],
        [`?q=${encodeURIComponent('") OR 1=1 -- needle {"match_all":{}}')}`, []],
      ])("%s", async (query, expected) => {
        const { status, body } = await get(`/logs/search${query}`);
        expect(status).toBe(200);
        expect(Object.keys(body).sort()).toEqual(["count", "data"]);
        expect(body.count).toBe(expected.length);
        expect(body.data.map((entry: { message: string }) => entry.message)).toEqual(expected);
        for (const entry of body.data) {
          expect(entry).toEqual({
            id: ID,
            service_name: expect.any(String),
            level: expect.any(String),
            message: expect.any(String),
            timestamp: TIME,
          });
        }
      });
    });

    it("GET /ping", async () => expect(await get("/ping")).toMatchObject({ status: 200, body: { message: "pong" } }));

    describe("POST /upload", () => {
      it("names lines that are none, and keeps the others", async () => {
        const { status, body } = await call("POST", "/upload", ["nonsense", line(0, "10.9.9.9", "GET /kept 200 1ms")]);
        expect(status).toBe(200);
        expect(body).toEqual({
          message: "Logs processed",
          rejected: { count: 1, rejects: [{ index: 0, field: "line", reason: expect.any(String) }] },
        });
        await eventually(
          () => get("/logs?ip=10.9.9.9"),
          (answer) => answer.body.meta.total === 1,
        );
      });

      it.each([
        ["only bad lines", ["a", "b"], /none of the lines is a record: lines\[0\]/],
        ["an object", { lines: [] }, /./],
        ["numbers", [1, 2], /./],
        ["no JSON", "[", /./],
      ])("%s: 400", async (_name, body, reason) => {
        expect(await call("POST", "/upload", body)).toMatchObject({
          status: 400,
          body: { code: 3, message: expect.stringMatching(reason) },
        });
      });
    });

    describe("GET /logs", () => {
      it("has the dashboard's shape: numbers are numbers, zeros are there, newest first", async () => {
        const { body } = await get("/logs?path=/cart&limit=2");
        expect(body.meta).toEqual({ total: 3, limit: 2, offset: 0 });
        expect(body.data).toEqual([
          { id: NUMBER, Timestamp: TIME, IP: "10.0.0.1", Method: "GET", Path: "/cart", Status: 200, LatencyMs: 10 },
          {
            id: NUMBER,
            Timestamp: TIME,
            IP: "10.0.0.1",
            Method: "GET",
            Path: "/cart/items",
            Status: 404,
            LatencyMs: 20,
          },
        ]);
        const none = await get("/logs?ip=1.2.3.4");
        expect(none.body).toEqual({ data: [], meta: { total: 0, limit: 50, offset: 0 } });
      });

      it.each([
        ["?ip=10.0.0.2", ["/pay"]],
        ["?ip=10.0.0.2&status=&method=&path=&from=&to=&limit=&offset=", ["/pay"]],
        ["?status=404", ["/cart/items", "/cart"]],
        ["?method=GET&ip=10.0.0.3", ["/cart"]],
        ["?method=post", ["/pay"]],
        ["?path=/cart&limit=1&offset=2", ["/cart"]],
        [`?path=${encodeURIComponent("%")}`, []],
        [`?path=${encodeURIComponent("' OR '1'='1")}`, []],
        [`?to=${new Date(nowMs - 60 * MINUTE_MS).toISOString()}`, ["/old"]],
        [
          `?from=${new Date(nowMs - 3_500).toISOString()}&to=${new Date(nowMs - 1_500).toISOString()}`,
          ["/cart/items", "/pay"],
        ],
      ])("%s", async (query, paths) => {
        const { status, body } = await get(`/logs${query}`);
        expect(status).toBe(200);
        expect(body.data.map((row: { Path: string }) => row.Path)).toEqual(paths);
      });

      it.each([
        ["?limit=0", /limit is "0"/],
        ["?limit=5000", /limit is "5000"; it must be a number from 1 to 1000/],
        ["?offset=-1", /offset is "-1"/],
        ["?status=abc", /status is "abc"/],
        ["?from=now", /from is "now"/],
        ["?colour=red", /colour/],
      ])("%s: 400", async (query, reason) =>
        expect(await get(`/logs${query}`)).toMatchObject({
          status: 400,
          body: { code: 3, message: expect.stringMatching(reason) },
        }),
      );
    });

    describe("GET /stats", () => {
      it.each([
        ["", { type: "errors", data: { 404: 2, 500: 1 } }],
        ["?type=errors&range=day", { type: "errors", data: { 404: 2, 500: 1, 503: 1 } }],
        ["?type=latency&range=week", { type: "latency", data: { avg_latency: NUMBER, max_latency: 400 } }],
        ["?type=traffic", { type: "traffic", data: { total_request: NUMBER, unique_ips: NUMBER } }],
      ])("%s", async (query, expected) =>
        expect(await get(`/stats${query}`)).toMatchObject({ status: 200, body: expected }),
      );

      it.each([
        ["?type=speed", /type is "speed"; it must be one of errors, latency, traffic/],
        ["?range=year", /range is "year"/],
      ])("%s: 400", async (query, reason) =>
        expect(await get(`/stats${query}`)).toMatchObject({
          status: 400,
          body: { code: 3, message: expect.stringMatching(reason) },
        }),
      );
    });

    it.each([
      ["DELETE", "/logs/1", wrongMethod],
      ["PUT", "/upload", wrongMethod],
      ["GET", "/upload", wrongMethod],
      ["POST", "/stats", wrongMethod],
      ["GET", "/", { status: 404, code: 5 }],
      ["GET", "/admin", { status: 404, code: 5 }],
      ["POST", "/v1/logs", { status: 404, code: 5 }],
    ])("%s %s: an error in JSON", async (method, path, { status, code }) =>
      expect(await call(method, path, method === "GET" ? undefined : {})).toMatchObject({ status, body: { code } }),
    );

    it("our own routes: write, upload, search with pages", async () => {
      const records = Array.from({ length: 25 }, (_, i) => ({
        message: `paged ${i}`,
        service: "pages",
        time: "2026-11-20T00:00:00.000000001Z",
      }));
      expect(await call("POST", "/v1/logs:write", { records })).toMatchObject({
        status: 200,
        body: { accepted: 25, rejects: [], firstSeq: expect.any(String) },
      });
      const uploaded = await call("POST", "/v1/logs:upload", [
        { records: records.slice(0, 1) },
        { records: records.slice(0, 2) },
      ]);
      expect(uploaded).toMatchObject({ status: 200, body: { batches: "2", accepted: "3", rejected: "0" } });
      await eventually(
        () => get("/v1/logs:search?service=pages&pageSize=100"),
        ({ body }) => body.logs.length === 28,
      );
      const seen: string[] = [];
      let pageToken = "";
      do {
        const { body } = await call("POST", "/v1/logs:search", {
          service: "pages",
          words: "paged",
          pageSize: 9,
          pageToken,
        });
        seen.push(...body.logs.map((log: { id: string }) => log.id));
        pageToken = body.nextPageToken;
      } while (pageToken !== "");
      expect(new Set(seen).size).toBe(28);
      expect(seen).toHaveLength(28);
    });
  });
}
