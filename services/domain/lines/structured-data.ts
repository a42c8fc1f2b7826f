import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { LineProblem } from "./line-format.ts";
import { LineReader } from "./line-reader.ts";

const NAME = /[^\s=\]"]{1,200}/y;

/**
 * Reads RFC 5424's structured data, `-` or `[id name="value" …]…`, from a place of a text: for each id an object of texts,
 * lists of texts where a name comes again. `end`: where the text goes on.
 */
export function readStructuredData(
  text: string,
  start: number,
): { data: JsonObject | undefined; end: number } | LineProblem {
  const reader = new LineReader(text, start);
  if (reader.pass("-")) return { data: undefined, end: reader.at };
  const elements = new Map<string, Map<string, JsonValue>>();
  while (reader.pass("[")) {
    const problem = readElement(reader, elements);
    if (problem) return problem;
  }
  if (elements.size === 0) return problemAt(reader, '"-" or "["');
  const data = Object.fromEntries([...elements].map(([id, values]) => [id, Object.fromEntries(values)]));
  return { data, end: reader.at };
}

function readElement(reader: LineReader, elements: Map<string, Map<string, JsonValue>>): LineProblem | undefined {
  const id = reader.match(NAME)?.[0];
  if (id === undefined) return problemAt(reader, "a name");
  const values = elements.get(id) ?? new Map<string, JsonValue>();
  elements.set(id, values);
  while (!reader.pass("]")) {
    const name = reader.pass(" ") ? reader.match(NAME)?.[0] : undefined;
    if (name === undefined || !reader.pass("=")) return problemAt(reader, 'name="value" or "]"');
    const value = reader.quoted();
    if (value === undefined) return problemAt(reader, "a value in quotes that ends");
    addValue(values, name, value.replace(/\\(["\\\]])/g, "$1"));
  }
  return undefined;
}

function addValue(values: Map<string, JsonValue>, name: string, value: string): void {
  const before = values.get(name);
  if (Array.isArray(before)) before.push(value);
  else values.set(name, before === undefined ? value : [before, value]);
}

function problemAt(reader: LineReader, wanted: string): LineProblem {
  const found = reader.line.slice(reader.at, reader.at + 20);
  return { field: "structured_data", reason: `has "${found}" at character ${reader.at + 1}; wanted ${wanted}` };
}
