import { describe, expect, it } from "vitest";
import { envoyLine } from "./envoy-line.ts";
import { readAsJson } from "./lines.fixture.ts";

const json = (line: string) => readAsJson(envoyLine, line);

describe("a line of Envoy", () => {
  it("is a record with everything in it", () => {
    const text =
      '[2026-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 204 - 154 7 226 100 "10.0.35.28" "nsq2http" ' +
      '"cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "locations" "10.0.2.1:80"';
    expect(json(text)).toEqual({
      time: "2026-04-15T20:17:00.310Z",
      severity: "SEVERITY_INFO",
      service: "given",
      message: text,
      attributes: {
        bytes_received: 154,
        upstream_service_time_ms: 100,
        forwarded_for: "10.0.35.28",
        request_id: "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2",
        authority: "locations",
        upstream_host: "10.0.2.1:80",
      },
      http: {
        clientIp: "10.0.35.28",
        method: "POST",
        path: "/api/v1/locations",
        status: 204,
        latency: "0.226s",
        responseBytes: "7",
        userAgent: "nsq2http",
        protocol: "HTTP/2",
      },
    });
  });

  it.each([
    [
      "without an upstream",
      '[2026-04-15T20:17:00.310Z] "GET / HTTP/1.1" 503 UH 0 19 0 - "-" "curl/8" "a" "b" "-"',
      { severity: "SEVERITY_ERROR", attributes: { response_flags: "UH", bytes_received: 0 } },
    ],
    [
      "behind another proxy: the last address is the one that was seen",
      '[2026-04-15T20:17:00.310Z] "GET / HTTP/1.1" 200 - 0 19 3 2 "6.6.6.6, 10.0.0.9" "curl/8" "a" "b" "c"',
      { attributes: { forwarded_for: "6.6.6.6, 10.0.0.9" }, http: { clientIp: "10.0.0.9" } },
    ],
    [
      "with quotes in the agent, which Envoy does not escape",
      '[2026-04-15T20:17:00.310Z] "GET / HTTP/1.1" 200 - 0 19 3 2 "-" "a "b"" "id" "authority" "up"',
      { attributes: { request_id: "id" }, http: { userAgent: 'a "b"' } },
    ],
    [
      "of Istio",
      '[2026-04-15T20:17:00.310Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 4 3 "-" "curl/7.73" ' +
        '"84961386" "httpbin:8000" "127.0.0.1:80" inbound|8000|| 127.0.0.1:41854 10.44.1.27:80 10.44.1.23:37652 - default',
      {
        attributes: { response_code_details: "via_upstream", authority: "httpbin:8000", upstream_host: "127.0.0.1:80" },
        http: { status: 418, latency: "0.004s", responseBytes: "135" },
      },
    ],
    [
      "of a connection that is no HTTP",
      '[2026-04-15T20:17:00.310Z] "- - -" 0 - 89 0 12 - "-" "-" "-" "-" "10.0.2.1:80"',
      { http: { status: 0, method: "", path: "", latency: "0.012s" } },
    ],
  ])("%s", (_name, text, expected) => {
    const { http, ...others } = { http: {}, ...expected };
    expect(json(text)).toMatchObject({ message: text, ...others });
    for (const [name, value] of Object.entries(http)) expect(json(text).http[name] ?? zeroOf(value)).toEqual(value);
  });

  it.each([
    ["", "line", /does not begin with \[TIME\]/],
    ['[yesterday] "GET / HTTP/1.1" 200', "line", /does not begin/],
    ['[2026-13-15T20:17:00.310Z] "GET / HTTP/1.1" 200 - 1 1 1 1 "a" "b" "c" "d" "e"', "time", /RFC 3339/],
    ['[2026-04-15T20:17:00.310Z] "GET / HTTP/1.1" OK - 1 1 1 1 "a" "b" "c" "d" "e"', "http.status", /"OK"/],
    ['[2026-04-15T20:17:00.310Z] "GET / HTTP/1.1" 200 - 1 1 1', "line", /has 6 parts behind the time; wanted 12/],
    ['[2026-04-15T20:17:00.310Z] "GET / HTTP/1.1', "http.status", /""/],
  ])("%j is none", (text, field, reason) =>
    expect(json(text)).toEqual({ field, reason: expect.stringMatching(reason) }),
  );
});

/** What proto JSON leaves out. */
function zeroOf(value: unknown): unknown {
  return typeof value === "number" ? 0 : "";
}
