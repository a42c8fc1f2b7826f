import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openPageToken, sealPageToken } from "./page-token.ts";

const asItIs = (place: string) => place;

describe("page tokens", () => {
  it("give back their place, and are safe in URLs", () => {
    const place = fc.string({ unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)) });
    fc.assert(
      fc.property(fc.object(), place, (query, at) => {
        const token = sealPageToken(query, at);
        expect(token).toMatch(/^[\w-]+$/);
        expect(openPageToken(query, token, asItIs)).toBe(at);
      }),
    );
  });

  it("belong to the conditions they were made for; what is undefined is no condition", () => {
    const token = sealPageToken({ tenant: "a", from: 5n }, "7");
    expect(openPageToken({ tenant: "a", from: 5n, to: undefined }, token, asItIs)).toBe("7");
    for (const other of [{ tenant: "b", from: 5n }, { tenant: "a", from: 6n }, { tenant: "a" }]) {
      expect(() => openPageToken(other, token, asItIs)).toThrow("page_token belongs to a query with other conditions");
    }
  });

  it.each(["", "7", "nonsense!", Buffer.from("0123456789abcde.7").toString("base64url")])("are not %j", (token) => {
    expect(() => openPageToken({}, token, asItIs)).toThrow("page_token is not a token that this server gave out");
  });

  it("are refused when anything in them is altered", () => {
    const token = sealPageToken({ tenant: "a" }, ">1234.5");
    const altered = Array.from(token, (_character, at) => {
      const other = token[at] === "A" ? "B" : "A";
      return token.slice(0, at) + other + token.slice(at + 1);
    });
    for (const wrong of [
      ...altered,
      `${token}=`,
      `${token}!!!!`,
      ` ${token}`,
      token.replace(/^(.{9})/, "$1\n"),
      token.slice(1),
    ]) {
      expect(() => openPageToken({ tenant: "a" }, wrong, asItIs)).toThrow(/^page_token /);
    }
  });

  it("whose place cannot be read are none of ours", () => {
    const token = sealPageToken({}, "no number");
    expect(() => openPageToken({}, token, () => undefined)).toThrow("is not a token that this server gave out");
  });
});
