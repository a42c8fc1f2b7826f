import type { JsonObject } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { splitAttributes } from "./attributes.ts";

describe("splitAttributes", () => {
  it("gives everything to the index where the index takes it, empty attributes too", () => {
    const examples: JsonObject[] = [{}, { a: 1, b: { "c.d": [null, "\0"] }, "": "" }];
    for (const attributes of examples) {
      expect(splitAttributes(attributes)).toEqual({ indexed: attributes, unindexed: undefined, exact: true });
    }
  });

  it("keeps back keys with NUL, at any depth, and only those", () => {
    const split = splitAttributes({ "a\0": 1, b: 2, c: [{ d: { "\0": 3 } }] });
    expect(split).toEqual({ indexed: { b: 2 }, unindexed: { "a\0": 1, c: [{ d: { "\0": 3 } }] }, exact: true });
    expect(splitAttributes({ "\0": 1 }).indexed).toBeUndefined();
  });

  it("keeps back paths that with the longest value make too long a term", () => {
    const half = "é".repeat(2_000);
    expect(splitAttributes({ [half]: { [`${half}${"x".repeat(190)}`]: 1 } }).unindexed).toBeUndefined();
    expect(splitAttributes({ [half]: { [`${half}${"x".repeat(191)}`]: 1 } }).indexed).toBeUndefined();
  });

  it("keeps back what is nested deeper than the index looks", () => {
    const nested = (depth: number): object => (depth === 0 ? {} : { k: nested(depth - 1) });
    expect(splitAttributes({ ...nested(20) }).unindexed).toBeUndefined();
    expect(splitAttributes({ ...nested(21) }).indexed).toBeUndefined();
  });

  it("knows the numbers that JSON loses", () => {
    for (const value of [-0, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(splitAttributes({ a: [{ b: value }] }).exact).toBe(false);
    }
    expect(splitAttributes({ a: [0, 1e21, 5e-324] }).exact).toBe(true);
  });

  it("takes __proto__ for a key", () => {
    const attributes = JSON.parse('{"__proto__":{"a\\u0000":1},"b":2}');
    const { indexed, unindexed } = splitAttributes(attributes);
    expect([Object.keys(indexed!), Object.keys(unindexed!)]).toEqual([["b"], ["__proto__"]]);
  });
});
