import { describe, expect, it } from "vitest";
import { combinedLine } from "./combined-line.ts";
import { readAsJson } from "./lines.fixture.ts";

const json = (line: string) => readAsJson(combinedLine, line);

/** A line with these parts before and behind the usual ones. */
const line = (before: string, behind: string) =>
  `${before} [17/May/2015:10:05:03 +0200] "GET /a?b=1 HTTP/1.1" 200 512${behind}`;

describe("a line of Apache or nginx", () => {
  it.each(["GET /search?q=a b c", `GET / ${"x".repeat(100)}`, `${"G".repeat(100)} / HTTP/1.1`])(
    "has a request that is all path where its parts are none of HTTP: %s",
    (request) => {
      const text = `1.1.1.1 - - [17/May/2015:10:05:03 +0200] "${request}" 400 0 "-" "-"`;
      expect(json(text)).toMatchObject({ time: "2015-05-17T08:05:03Z", http: { path: request, status: 400 } });
      expect(json(text)).not.toHaveProperty("http.protocol");
    },
  );

  it("is a record with everything in it", () => {
    const text =
      '83.149.9.216 - - [17/May/2015:10:05:03 +0200] "GET /a b?c HTTP/1.1" 404 203023 "http://x/\\"y\\"" "Mozilla/5.0"';
    expect(json(text)).toEqual({
      time: "2015-05-17T08:05:03Z",
      severity: "SEVERITY_WARN",
      service: "given",
      message: text,
      http: {
        clientIp: "83.149.9.216",
        method: "GET",
        path: "/a b?c",
        status: 404,
        responseBytes: "203023",
        referer: 'http://x/\\"y\\"',
        userAgent: "Mozilla/5.0",
        protocol: "HTTP/1.1",
      },
    });
  });

  it.each([
    ["common", line("1.1.1.1 - -", ""), { http: { clientIp: "1.1.1.1", path: "/a?b=1", responseBytes: "512" } }],
    ["with a user", line("1.1.1.1 - frank", ""), { attributes: { user: "frank" } }],
    [
      "with a user of two words",
      line("::1 - frank smith", ""),
      { attributes: { user: "frank smith" }, http: { clientIp: "::1" } },
    ],
    ["with a user that has a bracket", line("1.1.1.1 - a [b", ""), { attributes: { user: "a [b" } }],
    ["with a user that is empty", line('1.1.1.1 - ""', ""), { attributes: { user: '""' } }],
    ["with a host name", line("client.example.org - -", ""), { http: { clientIp: "client.example.org" } }],
    [
      "vhost_combined",
      line("www.example.org:443 10.0.0.1 - frank", ' "-" "curl/8"'),
      {
        attributes: { vhost: "www.example.org:443", user: "frank" },
        http: { clientIp: "10.0.0.1", userAgent: "curl/8" },
      },
    ],
    [
      "vhost_combined of an address",
      line("[2001:db8::1]:80 2001:db8::2 - -", ' "-" "-"'),
      { attributes: { vhost: "[2001:db8::1]:80" }, http: { clientIp: "2001:db8::2" } },
    ],
    [
      "nginx with a time",
      line("1.1.1.1 - -", ' "-" "curl/8" 0.123'),
      { http: { latency: "0.123s", userAgent: "curl/8" } },
    ],
    [
      "nginx with x-forwarded-for and a time",
      line("1.1.1.1 - -", ' "-" "curl/8" "10.0.0.1, 10.0.0.2" rt=1.004 uct="0.000"'),
      { attributes: { forwarded_for: "10.0.0.1, 10.0.0.2" }, http: { latency: "1.004s" } },
    ],
    [
      "the ingress of Kubernetes",
      line("1.1.1.1 - -", ' "-" "curl/8" 236 0.005 [default-web-80] [] 10.0.0.5:80 14 0.005 200 0f2e'),
      { http: { latency: "0.005s" } },
    ],
    ["escapes of nginx", line("1.1.1.1 - -", ' "-" "a\\x22b"'), { http: { userAgent: "a\\x22b" } }],
    ["a line break of Windows", `${line("1.1.1.1 - -", "")}\r\n`, { message: line("1.1.1.1 - -", "") }],
    [
      "no request",
      '1.1.1.1 - - [01/Jan/2026:00:00:00 +0000] "-" 408 -',
      { severity: "SEVERITY_WARN", http: { path: "-", status: 408 } },
    ],
    [
      "a request of bytes",
      '1.1.1.1 - - [01/Jan/2026:00:00:00 +0000] "\\x16\\x03\\x01" 400 226 "-" "-"',
      { http: { path: "\\x16\\x03\\x01", status: 400 } },
    ],
    [
      "an error of the server",
      '1.1.1.1 - - [29/Feb/2024:23:59:59 -0530] "GET / HTTP/2.0" 502 0 "-" "-"',
      { time: "2024-03-01T05:29:59Z", severity: "SEVERITY_ERROR", http: { protocol: "HTTP/2.0" } },
    ],
  ])("%s", (_name, text, expected) => expect(json(text)).toMatchObject({ message: text.trimEnd(), ...expected }));

  it.each([
    ["an integer behind, which may be anything", ' "-" "-" 1234'],
    ["a word with a dot", ' "-" "-" 1.2x'],
    ["a number that is no decimal", ' "-" "-" 1e3'],
  ])("has no latency from %s", (_name, behind) => {
    const { http } = json(line("1.1.1.1 - -", behind));
    expect(http).toMatchObject({ status: 200 });
    expect(http.latency).toBeUndefined();
  });

  it("keeps the lines behind it in its message", () => {
    const text = `${line("1.1.1.1 - -", "")}\n\tat Object.<anonymous> (a.js:1:1)\n\tat b`;
    expect(json(text)).toMatchObject({ message: text, http: { status: 200 } });
  });

  it.each([
    ["", "line", /no \[day\/month/],
    ["hello", "line", /no \[day\/month/],
    [line("1.1.1.1", ""), "line", /begins with "1.1.1.1"; wanted ADDRESS IDENTITY USER/],
    ['1.1.1.1 - - [99/Foo/2026:00:00:00 +0000] "GET / HTTP/1.0" 200 5', "time", /"\[99\/Foo/],
    ['1.1.1.1 - - [30/Feb/2026:00:00:00 +0000] "GET / HTTP/1.0" 200 5', "time", /no time/],
    ["1.1.1.1 - - [01/Jan/2026:00:00:00 +0000] GET / 200 5", "http", /no "REQUEST"/],
    ['1.1.1.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.0', "http", /no "REQUEST"/],
    ['1.1.1.1 - - [01/Jan/2026:00:00:00 +0000] "GET /" OK 5', "http.status", /three digits/],
    ['1.1.1.1 - - [01/Jan/2026:00:00:00 +0000] "GET /" 200 many', "http.response_bytes", /a number or "-"/],
  ])("%j is none", (text, field, reason) =>
    expect(json(text)).toEqual({ field, reason: expect.stringMatching(reason) }),
  );
});
