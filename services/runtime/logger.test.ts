import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { makeLogger } from "./logger.ts";

function linesOf(write: (log: ReturnType<typeof makeLogger>) => void, level: "debug" | "warn" = "debug") {
  const lines: string[] = [];
  write(makeLogger(level, { write: (line: string) => void lines.push(line) }));
  return lines;
}

describe("makeLogger", () => {
  it("writes one JSON object a line: level, time, fields, sentence", () => {
    const [line, ...more] = linesOf((log) => log.info({ port: 8080 }, "listening"));
    assert.equal(more.length, 0);
    assert.match(line!, /^[^\n]*\n$/);
    const { time, ...rest } = JSON.parse(line!);
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 5_000);
    assert.deepEqual(rest, { level: "info", port: 8080, msg: "listening" });
  });

  it("writes an error with its stack and its cause", () => {
    const error = new Error("outer", { cause: new Error("inner") });
    const { err } = JSON.parse(linesOf((log) => log.error({ err: error }, "failed"))[0]!);
    assert.match(err.message, /outer/);
    assert.match(err.stack, /inner/);
  });

  it("keeps to its level", () => {
    const lines = linesOf((log) => {
      log.info("no");
      log.warn("yes");
    }, "warn");
    assert.equal(lines.length, 1);
  });

  it("never writes secrets", () => {
    const text = linesOf((log) => {
      log.info(
        { password: "hunter2", mysql: { user: "root", password: "hunter2" }, a: { b: { token: "hunter2" } } },
        "x",
      );
      log.info({ url: "mysql://root:hunter2@127.0.0.1:3306/logs", redis: "redis://:hunter2@cache" }, "x");
      log.error({ err: new Error("cannot reach https://elastic:hunter2@search:9200/_bulk") }, "to redis://u:hunter2@r");
    }).join("");
    assert.doesNotMatch(text, /hunter2/);
    assert.match(text, /mysql:\/\/root:\[not logged\]@127\.0\.0\.1:3306\/logs/);
    assert.doesNotThrow(() =>
      text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    );
  });

  it("escapes what others sent", () => {
    const line = linesOf((log) => log.warn({ path: '\n{"level":"fatal"}\u2028\0' }, "hostile"))[0]!;
    assert.equal(line.trimEnd().split("\n").length, 1);
    assert.equal(JSON.parse(line).path, '\n{"level":"fatal"}\u2028\0');
  });
});
