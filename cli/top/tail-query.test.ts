import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseQuery } from "../../services/domain/query-text/parse-query.ts";
import { shellWord, tailQuery } from "./tail-query.ts";

describe("the query for a row's records", () => {
  it.each([
    ["service", "auth", "service:auth"],
    ["service", "my shop", 'service:"my shop"'],
    ["service", "", "-service:*"],
    ["path", "/login", "path:/login OR path:/login?*"],
    ["path", "", "-path:*"],
    ["path", `/${"a".repeat(300)}`, `path:/${"a".repeat(300)}`],
  ] as const)("%s %j is %s", (by, name, expected) => expect(tailQuery(by, name)).toBe(expected));

  it("is one that the server reads, whatever the name is", () => {
    fc.assert(
      fc.property(fc.constantFrom("service", "path"), fc.string({ unit: "binary", maxLength: 60 }), (by, name) => {
        const parsed = parseQuery(tailQuery(by as "service" | "path", name));
        expect(parsed).toHaveProperty("filter");
      }),
    );
  });
});

describe("a word for a shell", () => {
  it.each(["service:auth", 'service:"my shop"', "it's", "$(rm -rf /)", "a;b", "`x`", "-x", "", "a\nb"])(
    "%j",
    (text) => {
      const command = `printf %s ${shellWord(text)}`;
      expect(execFileSync("sh", ["-c", command], { encoding: "utf8" })).toBe(text);
    },
  );
});
