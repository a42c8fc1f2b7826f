import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";

// biome-ignore lint/suspicious/noExplicitAny: any JSON; what it must be is in the tables below.
type Json = any;

const TRACE = [
  "2026-11-20 10:00:01,500 [main] ERROR shop.Cart - boom",
  "java.lang.IllegalStateException: boom",
  "\tat shop.Cart.add(Cart.java:12)",
  "Caused by: java.io.IOException: gone",
  "\t... 3 more",
];

/** Lines of each format, what they are taken for, and what becomes of the first one. */
const FORMATS: [format: string, lines: string[], first: Json][] = [
  [
    "access",
    ["2026-11-20T10:00:00Z 10.1.2.3 GET /cart 404 12ms", "2026-11-20T10:00:01Z 10.1.2.3 GET /cart 200 9ms"],
    { time: "2026-11-20T10:00:00Z", severity: "SEVERITY_WARN", http: { status: 404, latency: "0.012s" } },
  ],
  [
    "combined",
    ['10.0.0.1 - frank [20/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 12 "-" "curl/8"'],
    { time: "2026-11-20T10:00:00Z", attributes: { user: "frank" }, http: { path: "/a", userAgent: "curl/8" } },
  ],
  [
    "envoy",
    ['[2026-11-20T10:00:00.310Z] "GET /e HTTP/2" 503 UF 0 91 5 - "10.0.0.2" "curl/8" "id" "shop" "10.0.2.1:80"'],
    { severity: "SEVERITY_ERROR", attributes: { response_flags: "UF" }, http: { clientIp: "10.0.0.2", path: "/e" } },
  ],
  [
    "json",
    ['{"level":50,"time":1795168800123,"msg":"pino says","user":{"id":1234567890123456789}}', "", '{"msg":"more"}'],
    {
      time: "2026-11-20T10:00:00.123Z",
      severity: "SEVERITY_ERROR",
      message: "pino says",
      attributes: { user: { id: "1234567890123456789" } },
    },
  ],
  [
    "logfmt",
    ['ts=2026-11-20T10:00:00Z level=warn msg="a \\"b\\"" n=3'],
    { severity: "SEVERITY_WARN", severityText: "warn", message: 'a "b"', attributes: { n: "3" } },
  ],
  [
    "syslog",
    ["<35>1 2026-11-20T10:00:00.003Z host - 12 ID47 - 'su root' failed"],
    { time: "2026-11-20T10:00:00.003Z", severity: "SEVERITY_ERROR" },
  ],
  [
    "cri",
    ["2026-11-20T10:00:00.123456789Z stderr P half ", "2026-11-20T10:00:00.2Z stderr F and half"],
    { time: "2026-11-20T10:00:00.123456789Z", message: "half and half" },
  ],
  [
    "text",
    [...TRACE, "2026-11-20 10:00:02,000 [main] INFO shop.Cart - done"],
    { time: "2026-11-20T10:00:01.500Z", severity: "SEVERITY_ERROR", message: TRACE.join("\n") },
  ],
];

/** UploadLines in all formats: the same by every door. */
export function lineFormatsContract(mode: string, start: StartInstallation): void {
  describe(`lines in several formats, ${mode}`, { timeout: 60_000 }, () => {
    let logpulse: Installation;

    const post = async (path: string, body: unknown): Promise<{ status: number; body: Json }> => {
      const answer = await fetch(logpulse.url + path, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": "application/json" },
        signal: AbortSignal.timeout(10_000),
      });
      return { status: answer.status, body: await answer.json() };
    };
    const upload = (request: object) => post("/v1/logs:uploadLines", request);
    const recordsOf = async (service: string, count: number): Promise<Json[]> => {
      const { logs } = await eventually<Json>(
        async () => (await fetch(`${logpulse.url}/v1/logs:search?service=${service}&order=ORDER_OLDEST_FIRST`)).json(),
        (body) => body.logs?.length >= count,
      );
      expect(logs).toHaveLength(count);
      return logs.map((log: Json) => log.record);
    };

    beforeAll(async () => {
      logpulse = await start();
    });
    afterAll(() => logpulse?.stop());

    it.each(FORMATS)("%s, named and found out", async (format, lines, first) => {
      const records = { access: 2, json: 2, text: 2 }[format] ?? 1;
      for (const [said, service] of [
        [format, `named-${format}`],
        ["auto", `found-${format}`],
      ] as const) {
        const answer = await upload({ lines, format: said, service });
        expect(answer).toEqual({ status: 200, body: { message: "Logs processed", format, records } });
        const found = await recordsOf(service, records);
        expect(found).toContainEqual(expect.objectContaining({ service, ...nested(first) }));
      }
    });

    it("what a format cannot read is kept as text and named, or rejected where that is wished", async () => {
      const lines = ['{"msg":"one"}', "plain words", ...TRACE.slice(1), '{"msg":"two"}', "{broken"];
      const { body } = await upload({ lines, format: "json", service: "mixed" });
      expect(body).toEqual({
        message: "Logs processed",
        format: "json",
        records: 5,
        keptAsText: {
          count: 3,
          reasons: [1, 2, 7].map((index) => ({ index, field: "line", reason: expect.any(String) })),
        },
      });
      const messages = (await recordsOf("mixed", 5)).map(({ message }) => message);
      expect(messages.sort()).toEqual(["one", "plain words", "two", "{broken", TRACE.slice(1).join("\n")].sort());
      const strict = await upload({ lines, format: "json", service: "strict", strict: true });
      expect(strict.body).toMatchObject({ records: 2, rejected: { count: 3 } });
      expect(strict.body.rejected.rejects.map(({ index }: Json) => index)).toEqual([1, 2, 7]);
    });

    it("a line that is too long is rejected, and its neighbours are kept", async () => {
      const { body } = await upload({ lines: ["a", "x".repeat(70_000), "b"], format: "text", service: "long" });
      expect(body).toEqual({
        message: "Logs processed",
        format: "text",
        records: 2,
        rejected: {
          count: 1,
          rejects: [{ index: 1, field: "line", reason: "is 70000 bytes long; the limit is 65536" }],
        },
      });
    });

    it("POST /upload takes the format as a parameter", async () => {
      const line = '10.0.0.1 - - [20/Nov/2026:10:00:00 +0000] "GET /p HTTP/1.1" 200 12';
      const { body } = await post("/upload?format=combined&service=parameters&strict=true", [line]);
      expect(body).toEqual({ message: "Logs processed", format: "combined", records: 1 });
      expect(await recordsOf("parameters", 1)).toMatchObject([{ message: line, http: { path: "/p" } }]);
    });

    it.each([
      ["an unknown format", { lines: ["a"], format: "combned" }, /^format is "combned".*did you mean combined\?$/],
      ["a long service", { lines: ["a"], format: "text", service: "s".repeat(257) }, /^service is 257 bytes long/],
      ["nothing that is kept", { lines: ["a", "b"], format: "json", strict: true }, /none of the lines is a record/],
    ])("%s: 400", async (_name, request, reason) =>
      expect(await upload(request)).toMatchObject({
        status: 400,
        body: { code: 3, message: expect.stringMatching(reason) },
      }),
    );
  });
}

/** Objects within as parts of what is there. */
function nested(expected: Json): Json {
  return Object.fromEntries(
    Object.entries(expected).map(([name, value]) => [
      name,
      typeof value === "object" ? expect.objectContaining(value as object) : value,
    ]),
  );
}
