import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  FilterSchema,
  WordsCondition_Match as Match,
  NumberCondition_Field as NumberField,
  WordsCondition_Scope as Scope,
  TextCondition_Field as TextField,
} from "../../gen/logpulse/v1/filter_pb.ts";
import { EVERY_RECORD } from "./condition.ts";
import { all, any, anywhere, level, not, number, phrase, text, wordPrefix, words } from "./conditions.fixture.ts";
import { isKind } from "./errors.ts";
import { conditionOf } from "./filter-condition.ts";
import {
  FILTER_ATTRIBUTE_PATH_BYTES_MAX,
  FILTER_CONDITIONS_MAX,
  FILTER_CONTAINS_MAX,
  FILTER_DEPTH_MAX,
  FILTER_PATTERN_BYTES_MAX,
  FILTER_WORDS_MAX,
  QUERY_TEXT_BYTES_MAX,
} from "./limits.ts";

type Asked = NonNullable<MessageInitShape<typeof FilterSchema>["condition"]>;

const read = (condition: Asked) => conditionOf(create(FilterSchema, { condition }));
const someWords = (text: string, match?: Match, scope?: Scope): Asked => ({
  case: "words",
  value: { text, ...(match === undefined ? {} : { match }), ...(scope === undefined ? {} : { scope }) },
});
const list = (kind: "all" | "any", ...filters: Asked[]): Asked => ({
  case: kind,
  value: { filters: filters.map((condition) => ({ condition })) },
});
const textOf = (field: TextField, test: { case: "equals" | "prefix" | "contains"; value: string }): Asked => ({
  case: "text",
  value: { field, test },
});
const producer = "0192f3a4b5c67d8e9fa0b1c2d3e4f506";

describe("conditionOf", () => {
  it("takes no filter, and one that says nothing, for every record", () => {
    expect(conditionOf(undefined)).toEqual(EVERY_RECORD);
    expect(conditionOf(create(FilterSchema))).toEqual(EVERY_RECORD);
  });

  it.each([
    [list("all"), all()],
    [list("any", { case: "level", value: "Warn" }, someWords("a b")), any(level("Warn"), words("a b"))],
    [{ case: "not", value: { condition: someWords("Timed OUT", Match.PHRASE) } } as Asked, not(phrase("timed out"))],
    [someWords("a-b", Match.ALL, Scope.ANYWHERE), anywhere("a b")],
    [someWords("Tim-", Match.PREFIX, Scope.MESSAGE), wordPrefix("tim")],
    [textOf(TextField.LEVEL_TEXT, { case: "prefix", value: "W" }), text("severity_text", "W", "prefix")],
    [
      { case: "text", value: { field: TextField.PATH, test: { case: "exists", value: true } } } as Asked,
      text("path", "", "exists"),
    ],
    [
      { case: "number", value: { field: NumberField.STATUS, min: 500n, max: 200n } } as Asked,
      number("status", 500n, 200n),
    ],
    [{ case: "number", value: { field: NumberField.LATENCY_NANOS } } as Asked, number("latency_nanos")],
    [
      { case: "attribute", value: { path: "a.b", test: { case: "equals", value: "1" } } } as Asked,
      { kind: "attribute", path: "a.b", test: "equals", value: "1" },
    ],
    [{ case: "id", value: `${producer}-7` } as Asked, { kind: "identity", producer, seq: 7 }],
  ])("%#: %o", (asked, condition) => expect(read(asked)).toEqual(condition));

  const longest = "x".repeat(QUERY_TEXT_BYTES_MAX);
  const refused: [Asked, string, RegExp][] = [
    [list("all", someWords("a"), { case: undefined }), "filter.all.filters[1]", /no condition that this server knows/],
    [{ case: "not", value: {} }, "filter.not", /no condition/],
    [someWords("!!!"), "filter.words.text", /no word in it/],
    [someWords(""), "filter.words.text", /is empty/],
    [someWords("a b", Match.PREFIX), "filter.words.text", /has 2 words/],
    [someWords("a", Match.PREFIX, Scope.ANYWHERE), "filter.words.scope", /MATCH_ALL only/],
    [someWords("a", Match.PHRASE, Scope.ANYWHERE), "filter.words.scope", /MATCH_ALL only/],
    [someWords("a", 9 as Match), "filter.words.match", /is 9/],
    [someWords("a", Match.ALL, 9 as Scope), "filter.words.scope", /is 9/],
    [{ case: "level", value: "" }, "filter.level", /is empty/],
    [textOf(TextField.UNSPECIFIED, { case: "equals", value: "a" }), "filter.text.field", /is 0/],
    [textOf(77 as TextField, { case: "equals", value: "a" }), "filter.text.field", /is 77/],
    [textOf(TextField.PATH, { case: "contains", value: "" }), "filter.text.contains", /is empty/],
    [textOf(TextField.PATH, { case: "equals", value: "\ud800" }), "filter.text.equals", /not valid Unicode/],
    [textOf(TextField.PATH, { case: "equals", value: `${longest}x` }), "filter.text.equals", /8193 bytes long/],
    [{ case: "text", value: { field: TextField.PATH } }, "filter.text", /says nothing/],
    [
      { case: "text", value: { field: TextField.PATH, test: { case: "exists", value: false } } },
      "filter.text.exists",
      /is false/,
    ],
    [{ case: "number", value: { min: 1n } }, "filter.number.field", /is 0/],
    [
      { case: "attribute", value: { path: "", test: { case: "exists", value: true } } },
      "filter.attribute.path",
      /empty/,
    ],
    [{ case: "attribute", value: { path: "a" } }, "filter.attribute", /says nothing/],
    [{ case: "id", value: "7" }, "filter.id", /32 hexadecimal digits/],
  ];

  it.each(refused)("refuses %o at %s", (asked, place, why) => {
    const error = errorOf(() => read(asked));
    expect(isKind(error, "invalid_request") && error.metadata).toEqual({ field: place });
    expect(String(error)).toMatch(why);
    expect(String(error)).toContain(`${place} `);
  });

  it("names the place that it was given", () => {
    expect(String(errorOf(() => conditionOf(create(FilterSchema, { condition: someWords("") }), "query")))).toMatch(
      /query\.words\.text is empty/,
    );
  });

  it("takes as many conditions, levels and words as there may be, and not one more", () => {
    const many = (count: number) => read(list("any", ...Array.from({ length: count - 1 }, () => someWords("a"))));
    expect(many(FILTER_CONDITIONS_MAX)).toMatchObject({ kind: "any" });
    expect(() => many(FILTER_CONDITIONS_MAX + 1)).toThrow(/filters\[255\] is one condition too many/);

    const deep = (levels: number): Asked => (levels === 1 ? someWords("a") : list("all", deep(levels - 1)));
    expect(read(deep(FILTER_DEPTH_MAX))).toMatchObject({ kind: "all" });
    expect(() => read(deep(FILTER_DEPTH_MAX + 1))).toThrow(/lies too deep/);

    const wordy = (count: number) => read(list("all", someWords("a"), someWords("a ".repeat(count - 1))));
    expect(wordy(FILTER_WORDS_MAX)).toMatchObject({ kind: "all" });
    expect(() => wordy(FILTER_WORDS_MAX + 1)).toThrow(/makes 257 words in all/);
    expect(read(textOf(TextField.PATH, { case: "equals", value: longest }))).toMatchObject({ value: longest });
  });

  it("takes beginnings, texts to be contained and paths as long and as many as engines do, and no more", () => {
    const pattern = (bytes: number, kind: "prefix" | "contains") =>
      read(textOf(TextField.PATH, { case: kind, value: `\u00e9${"x".repeat(bytes - 2)}` }));
    for (const kind of ["prefix", "contains"] as const) {
      expect(pattern(FILTER_PATTERN_BYTES_MAX, kind)).toMatchObject({ test: kind });
      expect(() => pattern(FILTER_PATTERN_BYTES_MAX + 1, kind)).toThrow(/is 257 bytes long; the limit is 256/);
    }
    const contained = (count: number) =>
      read(list("all", ...Array<Asked>(count).fill(textOf(TextField.PATH, { case: "contains", value: "a" }))));
    expect(contained(FILTER_CONTAINS_MAX)).toMatchObject({ kind: "all" });
    expect(() => contained(FILTER_CONTAINS_MAX + 1)).toThrow(/filters\[16\].text.contains is one of its kind too many/);

    const attribute = (bytes: number) =>
      read({ case: "attribute", value: { path: "p".repeat(bytes), test: { case: "exists", value: true } } });
    expect(attribute(FILTER_ATTRIBUTE_PATH_BYTES_MAX)).toMatchObject({ test: "exists" });
    expect(() => attribute(FILTER_ATTRIBUTE_PATH_BYTES_MAX + 1)).toThrow(/path is 513 bytes long/);
  });
});

function errorOf(call: () => unknown): unknown {
  try {
    call();
  } catch (reason) {
    return reason;
  }
  throw new Error("nothing was thrown");
}
