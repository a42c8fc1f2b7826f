import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseDropRules } from "../services/domain/drop-rules.ts";
import { ATTRIBUTE_OPERATORS, FIELD_NAMES } from "../services/domain/field-names.ts";
import { parseQuery } from "../services/domain/query-text/parse-query.ts";

const PAGE = readFileSync(join(import.meta.dirname, "..", "docs", "query-language.md"), "utf8");

/** The rows of the table under that heading, cell by cell. */
function tableUnder(heading: string): string[][] {
  const section = PAGE.slice(PAGE.indexOf(heading)).split("\n## ")[0]!;
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.map((row) => row.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")));
}

const code = (cell: string) => cell.replace(/^`|`$/g, "");

describe("docs/query-language.md", () => {
  it.each(tableUnder("# Query language").map(([query]) => code(query!)))("%s is a query", (query) => {
    expect(parseQuery(query)).toHaveProperty("filter");
  });

  it("has every field with its operators", () => {
    const told = tableUnder("## Fields").map(([name, , operators]) => [code(name!), operators]);
    const shown = (operators: readonly string[]) => operators.map((operator) => `\`${operator}\``).join(" ");
    expect(told).toEqual([
      ...FIELD_NAMES.map(({ name, operators }) => [name, shown(operators)]),
      ["attr.NAME", shown(ATTRIBUTE_OPERATORS)],
    ]);
  });

  it.each(tableUnder("## Errors"))("%s is refused as it says: %s, %s", (query, told, suggestion) => {
    const parsed = parseQuery(code(query!));
    const [error] = "errors" in parsed ? parsed.errors : [];
    expect(`${error?.position}–${error!.position + error!.length}: ${error?.message}`).toBe(told);
    expect(error?.suggestion).toBe(code(suggestion!));
  });

  it("has drop rules that can be read", () => {
    const rules = [...PAGE.matchAll(/^ {4}LOGPULSE_DROP_RULES=(.*)$/gm)].map(
      ([, text]) => parseDropRules(text!).length,
    );
    expect(rules).toEqual([1, 2]);
  });
});
