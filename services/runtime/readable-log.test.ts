import { describe, expect, it } from "vitest";
import { makeLogger } from "./logger.ts";
import { readableLog } from "./readable-log.ts";

function logged(log: (logger: ReturnType<typeof makeLogger>) => void): string {
  let written = "";
  log(
    makeLogger(
      "info",
      readableLog((line) => (written += line)),
    ),
  );
  return written;
}

describe("the log for people", () => {
  it("has time, level, message and facts on one line", () => {
    const text = logged((log) => log.warn({ port: 8080, host: "127.0.0.1", days: ["20261122"] }, "listening"));
    expect(text).toMatch(/^\d\d:\d\d:\d\d warn {2}listening port=8080 host=127.0.0.1 days=\["20261122"\]\n$/);
  });

  it("has an error's stack on lines of its own", () => {
    const lines = logged((log) => log.error({ err: new TypeError("no such thing") }, "failed")).split("\n");
    expect(lines[0]).toMatch(/error failed$/);
    expect(lines[1]).toBe("    TypeError: no such thing");
    expect(lines[2]).toMatch(/^ {4}at /);
  });

  it("writes no secret", () => {
    expect(logged((log) => log.info({ password: "pw", url: "mysql://me:pw@host/db" }, "x"))).not.toMatch(/pw/);
  });

  it.each([
    ["a line break", "one\n12:00:00 info  two"],
    ["an escape", "\u001b[2Jgone"],
    ["a C1 control", "\u009b2J"],
    ["a mark of direction", "\u202eevil"],
    ["a line separator", "a\u2028b"],
  ])("takes the meaning from %s", (_, text) => {
    const written = logged((log) => log.info({ text }, text));
    expect(written.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
    expect(written.split("\n")).toHaveLength(2);
  });
});
