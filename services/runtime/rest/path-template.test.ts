import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { compileTemplate } from "./path-template.ts";

describe("compileTemplate", () => {
  it.each([
    ["/ping", [{ literal: "ping" }], ""],
    ["/logs/{id}", [{ literal: "logs" }, { variable: "id" }], ""],
    ["/v1/logs:search", [{ literal: "v1" }, { literal: "logs" }], "search"],
    ["/v1/deadLetters:replay", [{ literal: "v1" }, { literal: "deadLetters" }], "replay"],
    ["/a/{b_c}/d.e-f_g:h", [{ literal: "a" }, { variable: "b_c" }, { literal: "d.e-f_g" }], "h"],
  ])("reads %s", (text, segments, verb) => assert.deepEqual(compileTemplate(text), { text, segments, verb }));

  it.each([
    "",
    "/",
    "ping",
    "/ping/",
    "//ping",
    "/a//b",
    "/*",
    "/logs/**",
    "/{name=logs/*}",
    "/{a.b}",
    "/{}",
    "/{Id}",
    "/a{b}",
    "/{b}c",
    "/a:",
    "/a:b:c",
    "/a:b/c",
    "/a:{b}",
    "/a b",
    "/é",
    "/a?b",
  ])("refuses %j, which is no form of the contract", (text) =>
    assert.throws(() => compileTemplate(text), /path template/),
  );
});
