import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { isKind } from "../domain/errors.ts";
import { hostCheck, isLoopback } from "./host-check.ts";

const refusal = (reason: unknown) => isKind(reason, "not_permitted");

describe("hostCheck on loopback", () => {
  const check = hostCheck("127.0.0.1", ["logs.example"]);

  it.each(["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:8080", "logs.example:443"])(
    "takes Host %s",
    (host) => assert.doesNotThrow(() => check({ host })),
  );

  it.each([
    "",
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:8080",
    "10.0.0.1",
    "logs.example.evil",
  ])('refuses Host "%s"', (host) => assert.throws(() => check({ host }), refusal));

  it("refuses a request without Host", () => assert.throws(() => check({}), refusal));

  it.each(["http://localhost:5173", "http://127.0.0.1:8080", "http://[::1]:8080", "https://logs.example"])(
    "takes Origin %s",
    (origin) => assert.doesNotThrow(() => check({ host: "localhost", origin })),
  );

  it.each(["null", "", "https://evil.example", "http://localhost.evil.example", "http://localhost@evil.example", "x:"])(
    'refuses Origin "%s"',
    (origin) => assert.throws(() => check({ host: "localhost", origin }), refusal),
  );
});

describe("hostCheck elsewhere", () => {
  it("checks nothing: it cannot know by what names it is reached", () => {
    for (const listenHost of ["0.0.0.0", "::", "10.0.0.1"]) {
      assert.doesNotThrow(() => hostCheck(listenHost, [])({ host: "ingest:8080", origin: "https://ui.example" }));
    }
  });
});

describe("isLoopback", () => {
  it("knows this machine's own addresses", () => {
    const loopback = ["127.0.0.1", "127.8.8.8", "::1", "localhost", "::ffff:127.0.0.1", "LocalHost"];
    const others = ["0.0.0.0", "::", "128.0.0.1", "10.0.0.1", "logs.example", ""];
    assert.deepEqual(loopback.filter(isLoopback), loopback);
    assert.deepEqual(others.filter(isLoopback), []);
  });
});
