import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { HTTP_BODY_BYTES_MAX } from "../../domain/limits.ts";
import { LineSplitter } from "./line-splitter.ts";

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

function split(pieces: readonly Uint8Array[]): string[] {
  const splitter = new LineSplitter();
  return [...pieces.flatMap((piece) => [...splitter.push(piece)]), ...splitter.end()].map(text);
}

describe("LineSplitter", () => {
  it.each([
    ["", []],
    ["\n", []],
    ["{}", ["{}"]],
    ["{}\n", ["{}"]],
    ["{}\n{}", ["{}", "{}"]],
    ["\n\n{}\r\n \t\r\n{}\n\n", ["{}\r", "{}"]],
    ["é\n🦊\n", ["é", "🦊"]],
    ["\u0001\n", ["\u0001"]],
  ])("cuts %j at every byte", (body, lines) => {
    const bytes = Buffer.from(body);
    for (let at = 0; at <= bytes.length; at += 1) {
      assert.deepEqual(split([bytes.subarray(0, at), bytes.subarray(at)]), lines, `cut at ${at}`);
    }
    assert.deepEqual(split([...bytes].map((byte) => Buffer.of(byte))), lines);
  });

  it("gives back any lines", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.nat(50), (values, size) => {
        const body = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(""));
        const pieces = Array.from({ length: Math.ceil(body.length / (size + 1)) }, (_, index) =>
          body.subarray(index * (size + 1), (index + 1) * (size + 1)),
        );
        assert.deepEqual(
          split(pieces),
          values.map((value) => JSON.stringify(value)),
        );
      }),
    );
  });

  it("bounds a line", () => {
    const splitter = new LineSplitter();
    assert.equal([...splitter.push(Buffer.from(`{}\n${"a".repeat(100)}`))].length, 1);
    const refused = { kind: "invalid_request", message: /^element 1 of the body has more than/ };
    assert.throws(() => [...splitter.push(Buffer.alloc(HTTP_BODY_BYTES_MAX, "a"))], refused);
  });
});
