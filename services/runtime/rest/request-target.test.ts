import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { describe, it } from "vitest";
import { readTarget, toOriginForm } from "./request-target.ts";

describe("readTarget", () => {
  it.each([
    ["/logs", "/logs", ""],
    ["/logs?", "/logs", ""],
    ["/logs?a=b?c&d=%zz", "/logs", "a=b?c&d=%zz"],
    ["/", "/", ""],
    ["/logs/", "/logs/", ""],
    ["/logs//a", "/logs//a", ""],
    ["//logs", "//logs", ""],
    ["/a/../b", "/b", ""],
    ["/../b", "/b", ""],
    ["/a/./b", "/a/b", ""],
    ["/a/.", "/a/", ""],
    ["/a/..", "/", ""],
    ["/a/b/..", "/a/", ""],
    ["/a/%2e%2E/b", "/b", ""],
    ["/a/%2e", "/a/", ""],
    ["/a/..%2fb", "/a/..%2fb", ""],
    ["/a/...", "/a/...", ""],
    ["/a\\..\\b", "/b", ""],
    ["/%6cogs/%7E%2D%5F%2E", "/logs/~-_.", ""],
    ["/a%3Ab%2F%25%zz%", "/a%3Ab%2F%25%zz%", ""],
    ["/a?%2e%2e/%41", "/a", "%2e%2e/%41"],
  ])("%s", (url, path, query) => assert.deepEqual(readTarget(url), { path, query }));

  it.each([
    "",
    "*",
    "logs",
    "\\logs",
    "/a#b",
    "/a?b#c",
    "/a b",
    "/a\tb",
    "/\u0000",
    "/\u007f",
    "/é",
    "/a%00",
    "/%00?a",
  ])("refuses %j", (url) => assert.throws(() => readTarget(url), { kind: "invalid_request" }));

  it("takes %00 in a query, which is text", () => assert.equal(readTarget("/a?b=%00").query, "b=%00"));
});

describe("toOriginForm", () => {
  it.each([
    ["http://localhost:8080/logs?a", "/logs?a", "localhost:8080"],
    ["HTTP://evil.example/", "/", "evil.example"],
    ["http://evil.example", "/", "evil.example"],
    ["http://evil.example?a=b", "/?a=b", "evil.example"],
    ["http:///logs", "/logs", ""],
    ["/logs?u=http://evil.example/", "/logs?u=http://evil.example/", "good.example"],
    ["https://evil.example/", "https://evil.example/", "good.example"],
    ["*", "*", "good.example"],
  ])("%s", (url, origin, host) => {
    const request = { url, headers: { host: "good.example" } } as unknown as IncomingMessage;
    toOriginForm(request);
    assert.deepEqual([request.url, request.headers.host], [origin, host]);
  });
});
