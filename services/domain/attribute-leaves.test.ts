import type { JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { attributeLeaves, isFindable } from "./attribute-leaves.ts";
import { ATTRIBUTE_VALUE_CHARACTERS_MAX } from "./limits.ts";

const texts = (attributes: JsonObject) => attributeLeaves(attributes).map(({ path, text }) => `${path}=${text}`);

describe("attributeLeaves", () => {
  it.each<[JsonObject, string[]]>([
    [{}, []],
    [{ a: "x", b: 1.5, c: true, d: null, e: {}, f: [] }, ["a=x", "b=1.5", "c=true"]],
    [{ a: { b: { c: "x" } }, "a.b": "y" }, ["a.b.c=x", "a.b=y"]],
    [{ a: [1, [2, { b: [3, null] }], 1] }, ["a=1", "a=2", "a.b=3", "a=1"]],
    [{ a: -0, b: 1e21, c: 1e-7 }, ["a=0", "b=1e+21", "c=1e-7"]],
    [{ "": "", ".": "x" }, ["=", ".=x"]],
    [{ a: "x\0y", "b\0": 1, c: { "\0": 1, d: 2 } }, ["a=x\0y"]],
  ])("of %j", (attributes, expected) => expect(texts(attributes)).toEqual(expected));

  it("say what they were", () => {
    expect(attributeLeaves({ a: ["1", 1, true] }).map(({ kind }) => kind)).toEqual(["string", "number", "boolean"]);
  });

  it("leave out texts that are too long, and only those", () => {
    const longest = "😀".repeat(ATTRIBUTE_VALUE_CHARACTERS_MAX / 2 - 0.5);
    expect(texts({ a: [`${longest}x`, `${longest}xx`] })).toEqual([`a=${longest}x`]);
  });

  it("leave out keys of the top that are not findable", () => {
    const deep = (depth: number): JsonObject => (depth === 0 ? { x: 1 } : { k: deep(depth - 1) });
    expect([isFindable("k", deep(18)), isFindable("k", deep(19))]).toEqual([true, false]);
    expect(texts({ a: deep(30), b: 1 })).toEqual(["b=1"]);
    expect([isFindable("é".repeat(4_095), 1), isFindable("é".repeat(4_096), 1)]).toEqual([true, false]);
  });
});
