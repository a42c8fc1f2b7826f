import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { percentDecode } from "./percent-decoding.ts";

describe("percentDecode", () => {
  it.each([
    ["a%20b", "a b"],
    ["a+b", "a+b"],
    ["%2B", "+"],
    ["%c3%A9%F0%9F%A6%8A", "é🦊"],
    ["%EF%BB%BF", "\ufeff"],
    ["%00", "\0"],
    ["%25", "%"],
    ["%2525", "%25"],
    ["%", "%"],
    ["%4", "%4"],
    ["%zz%4g", "%zz%4g"],
    ["", ""],
  ])("%s", (text, decoded) => assert.equal(percentDecode(text, "it"), decoded));

  it("has blanks for plus signs where asked, but not for encoded ones", () => {
    assert.equal(percentDecode("a+b%2Bc", "it", true), "a b+c");
  });

  it.each(["%ff", "%C0%80", "%ED%A0%80", "%E2%82", "a%80b", "%F5%80%80%80"])("refuses %s: no UTF-8", (text) => {
    assert.throws(() => percentDecode(text, "the value of q"), {
      kind: "invalid_request",
      message: /^the value of q is/,
    });
  });

  it("undoes encodeURIComponent and URLSearchParams", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
        (text) => {
          assert.equal(percentDecode(encodeURIComponent(text), "it"), text);
          assert.equal(percentDecode(new URLSearchParams({ q: text }).toString().slice(2), "it", true), text);
        },
      ),
    );
  });

  it("fails in no other way", () => {
    const text = fc.string({ unit: fc.constantFrom("%", "f", "F", "0", "2", "c", "e", "z", "+", "a") });
    fc.assert(
      fc.property(text, (hostile) => {
        try {
          assert.ok(percentDecode(hostile, "it", true).isWellFormed());
        } catch (reason) {
          assert.equal((reason as { kind?: string }).kind, "invalid_request");
        }
      }),
    );
  });
});
