import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FORMAT_DETECTION_LINES_MAX, LINES_KEPT_AS_TEXT_TOLD_MAX, RECORD_LINES_MAX } from "../limits.ts";
import { detectFormat } from "./detect-format.ts";
import { LEVEL_NAMES } from "./field-level.ts";
import { TIME_NAMES } from "./field-time.ts";
import { MORE_FIELDS } from "./line-attributes.ts";
import { LINE_FORMATS } from "./line-formats.ts";
import { CONTEXT } from "./lines.fixture.ts";
import { MESSAGE_NAMES, SERVICE_NAMES, SPAN_NAMES, TRACE_NAMES } from "./record-of-fields.ts";

const DOCUMENT = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "formats.md"), "utf8");
const EXAMPLES = [...DOCUMENT.matchAll(/^\| `(\w+)` +\| `(.+)` +\|$/gm)].map(
  ([, name, line]) => [name!, line!] as const,
);

describe("docs/formats.md", () => {
  it("has an example of each format", () =>
    expect(EXAMPLES.map(([name]) => name).sort()).toEqual(LINE_FORMATS.map(({ name }) => name).sort()));

  it.each(EXAMPLES)("its example of %s is found to be one", (name, line) =>
    expect(detectFormat([line], CONTEXT).format.name).toBe(name),
  );

  it.each([
    ["times", TIME_NAMES],
    ["levels", LEVEL_NAMES],
    ["messages", MESSAGE_NAMES],
    ["services", SERVICE_NAMES],
    ["traces", TRACE_NAMES],
    ["spans", SPAN_NAMES],
    ["what has no room", [MORE_FIELDS]],
  ])("names all fields of %s", (_name, names) => {
    for (const name of names) expect(DOCUMENT).toContain(`\`${name}\``);
  });

  it("says the order in which auto prefers formats", () => {
    const order = LINE_FORMATS.filter(({ name }) => name !== "text").map(({ name }) => `\`${name}\``);
    expect(DOCUMENT).toContain(order.join(", "));
  });

  it("says the limits as they are", () => {
    expect(DOCUMENT).toContain(`the first ${FORMAT_DETECTION_LINES_MAX} lines`);
    expect(DOCUMENT).toContain(`the first ${LINES_KEPT_AS_TEXT_TOLD_MAX})`);
    expect(DOCUMENT).toContain(`${RECORD_LINES_MAX.toLocaleString("en")} lines`);
  });
});
