import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseQuery } from "../../services/domain/query-text/parse-query.ts";
import { drawnText } from "../terminal/drawn-text.ts";
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
  const read = (shell: string, text: string) =>
    execFileSync(shell, ["-c", `printf %s ${shellWord(text)}`], { encoding: "utf8" });

  it.each(["service:auth", 'service:"my shop"', "it's", "$(rm -rf /)", "a;b", "`x`", "-x", ""])("%j", (text) =>
    expect(read("sh", text)).toBe(text),
  );

  it.each(["a\nb", "evil\u001b[2J\u001b]0;owned\u0007", "it's \\ \u001b7 $(x)", "\u202etxt.exe", "日\t本"])(
    "%j moves no terminal",
    (text) => {
      expect(read("bash", text)).toBe(text);
      expect(drawnText(shellWord(text))).toBe(shellWord(text));
    },
  );
});
