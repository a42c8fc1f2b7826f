import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conditionOf } from "../filter-condition.ts";
import {
  FILTER_ATTRIBUTE_PATH_BYTES_MAX,
  FILTER_CONDITIONS_MAX,
  FILTER_CONTAINS_MAX,
  FILTER_DEPTH_MAX,
  FILTER_PATTERN_BYTES_MAX,
  FILTER_WORDS_MAX,
  QUERY_ERRORS_TOLD_MAX,
  QUERY_TEXT_BYTES_MAX,
} from "../limits.ts";
import { parseQuery } from "./parse-query.ts";
import { queryTexts } from "./query-texts.arbitrary.ts";

/** The text, where its error lies, what it says, and what to write instead. */
const ERRORS: [string, string, RegExp, string][] = [
  ["status>=abc", "^^^^^^^^^^^", /^status is a whole number/, '"abc"'],
  ["a status!=abc", "  ^^^^^^^^^^^", /^status is a whole number/, 'a -"abc"'],
  ["status:5*", "^^^^^^^^^", /whole number/, '"5"'],
  ["status:1.5", "^^^^^^^^^^", /whole number/, '"1.5"'],
  ["status~5", "^^^^^^^^", /no pieces/, "status:5"],
  ["status:(200 OR x)", "               ^", /whole number/, ""],
  ["status>(1 OR 2)", "       ^^^^^^^^", /one value only/, ""],
  ["bytes>9223372036854775807", "^^^^^^^^^^^^^^^^^^^^^^^^^", /No number of 64 bits/, ""],
  ["bytes:9223372036854775808", "^^^^^^^^^^^^^^^^^^^^^^^^^", /64 bits at most/, '"9223372036854775808"'],
  ["latency>5days", "^^^^^^^^^^^^^", /with ns, us, ms, s, m or h/, '"5days"'],
  ["latency:0.1ns", "^^^^^^^^^^^^^", /latency is a number/, '"0.1ns"'],
  ["servce:auth", "^^^^^^", /^There is no field servce; did you mean service\?$/, "service:auth"],
  ["x servce!=auth", "  ^^^^^^", /did you mean service/, "x service!=auth"],
  ["colour:red", "^^^^^^", /attributes have attr\. before/, "attr.colour:red"],
  ["a<=b", "^", /texts with such marks stand in quotes/, '"a<=b"'],
  ["x~y", "^", /texts with such marks stand in quotes/, '"x~y"'],
  ["colour!=red", "^^^^^^", /attributes have attr\. before/, "attr.colour!=red"],
  ["servce>x", "^^^^^^", /did you mean service/, ""],
  ["attr.:x", "^^^^^", /no attribute's name behind attr\.;/, ""],
  ['a -attr."":(x OR y)', "   ^^^^^^^", /no attribute's name behind attr\./, ""],
  ["attr.>5", "^^^^^", /no attribute's name behind attr\./, ""],
  ["see http://a.b/c", "    ^^^^", /no field http/, 'see "http://a.b/c"'],
  ["Exception: here", "^^^^^^^^^", /no field Exception/, '"Exception:" here'],
  ["servce: auth", "^^^^^^", /did you mean service/, ""],
  ["service:", "        _", /^service: has no value behind it\.$/, "service:*"],
  ["service: auth", "        _", /no value/, "service:auth"],
  ["service~ OR b", "        _", /no value/, ""],
  ["message:", "        _", /no value/, ""],
  ['service:""', "        ^^", /one character at least/, ""],
  ["service>a", "^^^^^^^^^", /neither more nor less/, "service:a"],
  ["attr.a>5", "^^^^^^^^", /neither more nor less/, "attr.a:5"],
  ["attr.a~b", "^^^^^^^^", /not by a piece/, "attr.a:b*"],
  ["path~a*", "^^^^^^^", /takes no \*/, "path~a"],
  ["path~*a*", "     ^^^", /begin with \*/, "path~a"],
  ["*foo", "^^^^", /can not begin with \*/, "foo"],
  ["*foo*", "^^^^^", /can not begin with \*/, "foo"],
  ["a *foo-bar b", "  ^^^^^^^^", /can not begin with \*/, "a foo-bar b"],
  ["f*o", "^^^", /end of a word only/, '"f*o"'],
  ["foo-ba*", "^^^^^^^", /^Only one word can have \* behind it/, '"foo-ba"'],
  ["path:*x", "     ^^", /can not begin with \*/, "path~x"],
  ["path!=*x", "      ^^", /can not begin with \*/, "-path~x"],
  ["path:/a*b", "     ^^^^", /end of a value only/, 'path:"/a*b"'],
  ["attr.a:*x", "       ^^", /can not begin with \*/, 'attr.a:"*x"'],
  ["level>=loud", "^^^^^^^^^^^", /needs one of the words/, ""],
  ["level>=17", "^^^^^^^^^", /needs one of the words/, "severity>=17"],
  ["level:err*", "^^^^^^^^^^", /whole word/, "level_text:err*"],
  ["level~err", "^^^^^^^^^", /whole word/, "level_text~err"],
  ["message~foo", "^^^^^^^^^^^", /whole words/, '"foo"'],
  ["message:*", "^^^^^^^^^", /says nothing/, ""],
  ["anywhere:foo*", "^^^^^^^^^^^^^", /whole words/, ""],
  ["id:7", "^^^^", /32 hexadecimal digits/, '"7"'],
  ["!!!", "^^^", /no word in it/, ""],
  ['""', "^^", /no word in it/, ""],
  ['a "b c', "  ^", /quotes are not closed/, 'a "b c"'],
  ['"b\\', "^", /quotes are not closed/, '"b\\\\"'],
  ['path:"b', "     ^", /quotes are not closed/, 'path:"b"'],
  ['attr."b', "     ^", /quotes are not closed/, 'attr."b"'],
  ["(a OR b", "^", /parenthesis is not closed/, "(a OR b)"],
  ["((a", " ^", /parenthesis is not closed/, "((a))"],
  ["service:(a OR b", "        ^", /parenthesis is not closed/, "service:(a OR b)"],
  ["a) b", " ^", /closes none/, "a b"],
  ["foo()", "   ^^", /nothing in these parentheses/, "foo"],
  ["-()", " ^^", /nothing in these parentheses/, ""],
  ["service:()", "        ^^", /no value in the parentheses/, ""],
  ["service:(a b)", "           _", /have OR between them/, "service:(a OR b)"],
  ["service:(a OR )", "           ^^", /OR needs a value/, "service:(a  )"],
  ["service:(OR a)", "         ^^", /OR needs a value/, "service:( a)"],
  ["OR a", "^^", /OR needs something on both sides/, " a"],
  ["a OR", "  ^^", /OR needs something on both sides/, "a "],
  ["a OR OR b", "  ^^", /OR needs something on both sides/, "a  OR b"],
  ["a AND", "  ^^^", /AND needs something/, "a "],
  ["AND", "^^^", /AND needs something/, ""],
  ["AND a", "^^^", /AND needs something/, " a"],
  ["(a AND) b", "   ^^^", /AND needs something/, "(a ) b"],
  ["a AND OR b", "  ^^^", /AND needs something/, "a  OR b"],
  ["a NOT", "  ^^^", /NOT needs something/, "a "],
  ["a - b", "  ^", /- needs something directly/, "a  b"],
  ["--verbose", "^^^^^^^^^", /is enough/, '"--verbose"'],
  ["NOT NOT a", "^^^", /is enough/, ""],
  ["status >= 500", "       ^^", /directly before its operator/, "status>=500"],
  ["status >=500", "       ^^^^^", /directly before its operator/, "status>=500"],
  ["= 5", "^", /directly before its operator/, ""],
  ['"😀 é" status>=abc', "      ^^^^^^^^^^^", /whole number/, '"😀 é" "abc"'],
  ["a \ud800", "  ^", /half of a character/, ""],
];

describe("parseQuery's errors", () => {
  it.each(ERRORS)("%s", (query, marks, message, suggestion) => {
    const parsed = parseQuery(query);
    if ("filter" in parsed) throw new Error("there is no error");
    const [error, ...more] = parsed.errors;
    expect(more).toEqual([]);
    const { position, length } = error!;
    expect([" ".repeat(position) + ("^".repeat(length) || "_"), error!.suggestion]).toEqual([marks, suggestion]);
    expect(error!.message).toMatch(message);
    expect(error!.message).toMatch(/[.?]$/);
    expect(error!.suggestionLabel === "").toBe(suggestion === "");
    if (suggestion !== "") expect(parseQuery(suggestion)).toHaveProperty("filter");
  });

  it("come in the order of the text, as many as are told", () => {
    const parsed = parseQuery("(a servce:x b) status:y ) !!!");
    expect("errors" in parsed && parsed.errors.map(({ position }) => position)).toEqual([3, 15, 24, 26]);
    const many = parseQuery("!!! ".repeat(100));
    expect("errors" in many && many.errors).toHaveLength(QUERY_ERRORS_TOLD_MAX);
  });

  const positionOf = (query: string) => {
    const parsed = parseQuery(query);
    return "errors" in parsed ? [parsed.errors.length, parsed.errors[0]!.position, parsed.errors[0]!.message] : "none";
  };

  it("tell the first term that is too many", () => {
    const terms = (count: number) => "a ".repeat(count);
    expect(positionOf(terms(FILTER_CONDITIONS_MAX - 1))).toBe("none");
    const place = 2 * (FILTER_CONDITIONS_MAX - 1);
    expect(positionOf(terms(FILTER_CONDITIONS_MAX))).toEqual([
      1,
      place,
      expect.stringMatching(/one condition too many/),
    ]);
    expect(positionOf("a ".repeat(4_000))).toEqual([1, place, expect.stringMatching(/256/)]);
    expect(positionOf(`service:(${Array.from({ length: 300 }, () => "a").join(" OR ")})`)).toEqual([
      1,
      expect.any(Number),
      expect.stringMatching(/too many/),
    ]);
    expect(positionOf(`"${terms(FILTER_WORDS_MAX)}"`)).toBe("none");
    expect(positionOf(`x "${terms(FILTER_WORDS_MAX)}"`)).toEqual([1, 2, expect.stringMatching(/there are 257 words/)]);
  });

  const long = (bytes: number) => `${"é".repeat(Math.floor(bytes / 2))}${"x".repeat(bytes % 2)}`;

  it.each([
    ["a path~", FILTER_PATTERN_BYTES_MAX, "", 2, /^This piece of a text has 257 bytes; the limit is 256\.$/],
    ["-path:", FILTER_PATTERN_BYTES_MAX, "*", 1, /^This beginning has 257 bytes; the limit is 256\.$/],
    ["service:(a OR ", FILTER_PATTERN_BYTES_MAX, "*)", 14, /^This beginning has 257 bytes/],
    ["attr.a:", FILTER_PATTERN_BYTES_MAX, "*", 0, /^This beginning has 257 bytes/],
    ["a attr.", FILTER_ATTRIBUTE_PATH_BYTES_MAX, ":x", 2, /^This attribute's name has 513 bytes; the limit is 512\.$/],
    ["attr.", FILTER_ATTRIBUTE_PATH_BYTES_MAX, ":(x OR y)", 0, /^This attribute's name has 513 bytes/],
  ])("tell what is too long behind %j of at most %i bytes", (before, bytesMax, behind, place, message) => {
    expect(positionOf(before + long(bytesMax) + behind)).toBe("none");
    expect(positionOf(before + long(bytesMax + 1) + behind)).toEqual([1, place, expect.stringMatching(message)]);
  });

  it("tell the first piece of a text that is too many", () => {
    const pieces = (count: number) => "path~a ".repeat(count);
    expect(positionOf(pieces(FILTER_CONTAINS_MAX))).toBe("none");
    const tooMany = [
      1,
      7 * FILTER_CONTAINS_MAX,
      expect.stringMatching(/one piece of a text too many; the limit is 16/),
    ];
    expect(positionOf(pieces(FILTER_CONTAINS_MAX + 1))).toEqual(tooMany);
    expect(positionOf(pieces(FILTER_CONTAINS_MAX + 9))).toEqual(tooMany);
  });

  it("suggest a query that can be read, where there is one error, and no text that can be read is refused later", {
    timeout: 60_000,
  }, () => {
    const seen = { suggested: 0 };
    fc.assert(
      fc.property(queryTexts, (text) => {
        const parsed = parseQuery(text);
        if ("filter" in parsed) {
          conditionOf(parsed.filter);
          return;
        }
        const [error, ...more] = parsed.errors;
        expect(error!.suggestionLabel === "").toBe(error!.suggestion === "");
        if (more.length > 0 || error!.suggestion === "") return;
        seen.suggested++;
        expect(parseQuery(error!.suggestion), text).toHaveProperty("filter");
      }),
      { numRuns: 5_000 },
    );
    expect(seen.suggested).toBeGreaterThan(300);
  });

  it("tell where conditions lie too deep", () => {
    const brackets = (depth: number) => `${"(".repeat(depth)}a${")".repeat(depth)}`;
    expect(positionOf(brackets(FILTER_DEPTH_MAX))).toBe("none");
    expect(positionOf(brackets(FILTER_DEPTH_MAX + 1))).toEqual([1, FILTER_DEPTH_MAX, expect.stringMatching(/deep/)]);
    expect(positionOf("(".repeat(8_000))).toEqual([1, FILTER_DEPTH_MAX, expect.stringMatching(/deep/)]);
    const nots = (depth: number) => `${"-(".repeat(depth)}a${")".repeat(depth)}`;
    expect(positionOf(nots(FILTER_DEPTH_MAX - 1))).toBe("none");
    expect(positionOf(nots(FILTER_DEPTH_MAX))).toEqual([1, 0, expect.stringMatching(/16 levels deep/)]);
  });

  it("tell where a text becomes too long", () => {
    const longest = `path:${"é".repeat(QUERY_TEXT_BYTES_MAX / 2 - 3)}x`;
    expect(Buffer.byteLength(longest)).toBe(QUERY_TEXT_BYTES_MAX);
    expect(positionOf(longest)).toBe("none");
    expect(positionOf(`${longest}é`)).toEqual([
      1,
      QUERY_TEXT_BYTES_MAX / 2 + 3,
      expect.stringMatching(/8194 bytes long/),
    ]);
    expect(positionOf("x".repeat(10_000_000))).toEqual([
      1,
      QUERY_TEXT_BYTES_MAX,
      expect.stringMatching(/limit is 8192/),
    ]);
  });

  it.each([
    "(",
    ")",
    "-",
    "--",
    '"',
    '\\"',
    "*",
    "a:",
    "a:(",
    "OR ",
    "= ",
    "() ",
    "x* ",
    ":",
    "a.",
    "a:*b ",
    "NOT ",
    "((a) ",
  ])("take little time over many %j", (piece) => {
    const hostile = piece.repeat(QUERY_TEXT_BYTES_MAX / piece.length);
    const start = process.hrtime.bigint();
    parseQuery(hostile);
    expect(Number(process.hrtime.bigint() - start) / 1e6).toBeLessThan(1_000);
  });
});
