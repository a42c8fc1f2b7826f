import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UploadLinesRequestSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { LINE_BYTES_MAX, RECORD_LINES_MAX } from "../domain/limits.ts";
import { LINE_FORMAT_NAMES } from "../domain/lines/line-format.ts";
import { nanosToText, timestampToNanos } from "../domain/record-time.ts";
import { readLines } from "./read-lines.ts";

const NOW_MS = Date.UTC(2026, 0, 1, 0, 30);
const ACCESS = "2026-11-21T13:00:00Z 1.1.1.1 GET / 200 1ms";
const TOO_LONG = "x".repeat(LINE_BYTES_MAX + 1);

function read(lines: string[], format = "text", more: { service?: string; strict?: boolean } = {}) {
  const { format: found, results } = readLines(create(UploadLinesRequestSchema, { lines, format, ...more }), NOW_MS);
  const all = [...results];
  return {
    format: found,
    records: all.flatMap(({ index, record }) => (record ? [{ index, record }] : [])),
    rejects: all.flatMap(({ index, record, problem }) => (record ? [] : [{ index, ...problem }])),
    keptAsText: all.filter(({ record, problem }) => record && problem),
  };
}

const messagesOf = ({ records }: ReturnType<typeof read>) =>
  records.map(({ record, index }): [number, string] => [index, record.message]);

describe("lines of a request", () => {
  it("without a format are access lines, each for itself", () => {
    const result = read([ACCESS, "", "\tat a.b(C.java:1)", ACCESS], "", { service: "web", strict: false });
    expect(result.format).toBeUndefined();
    expect(messagesOf(result)).toEqual([
      [0, ACCESS],
      [3, ACCESS],
    ]);
    expect(result.rejects.map(({ index }) => index)).toEqual([1, 2]);
    expect(result.records[0]!.record.service).toBe("web");
    expect(result.keptAsText).toEqual([]);
  });

  it("that belong together are one record, at the place of the first", () => {
    const lines = ["Error: boom", "    at a (a.js:1:2)", "next", "", "", "last", ""];
    expect(messagesOf(read(lines))).toEqual([
      [0, "Error: boom\n    at a (a.js:1:2)"],
      [2, "next"],
      [5, "last"],
    ]);
  });

  it("that are too long are rejected; what follows does not belong to what was before", () => {
    const result = read(["Error: boom", TOO_LONG, "    at a (a.js:1:2)", "é".repeat(LINE_BYTES_MAX / 2), "b"]);
    expect(messagesOf(result).map(([index, message]) => [index, message.slice(0, 30)])).toEqual([
      [0, "Error: boom"],
      [2, "    at a (a.js:1:2)"],
      [3, "é".repeat(30)],
      [4, "b"],
    ]);
    expect(result.rejects).toEqual([
      { index: 1, field: "line", kind: "too_long", reason: "is 65537 bytes long; the limit is 65536" },
    ]);
  });

  it("that are blank are no records", () => {
    expect(read(["", "  ", "\t"])).toMatchObject({ records: [], rejects: [] });
    expect(read(["", '{"msg":"m"}', " ", '{"msg":"n"}', ""], "json").rejects).toEqual([]);
  });

  it("of a record that is too long are several", () => {
    const result = read([
      "2025-12-31 10:00:00 ERROR boom",
      ...Array.from({ length: RECORD_LINES_MAX }, () => "\tat a"),
    ]);
    expect(result.records.map(({ index }) => index)).toEqual([0, RECORD_LINES_MAX]);
    for (const { record } of result.records) expect(record.severityText).toBe("ERROR");
    expect(result.records[1]!.record.attributes).toMatchObject({ continued: true });
  });

  it("without a year or a zone are of the server's year, in UTC", () => {
    const [first, second] = read(["<13>Dec 31 23:59:59 host a: b", "<13>Jan  1 00:00:00 host a: b"], "syslog").records;
    expect(nanosToText(timestampToNanos(first!.record.time!))).toBe("2025-12-31T23:59:59.000000000Z");
    expect(nanosToText(timestampToNanos(second!.record.time!))).toBe("2026-01-01T00:00:00.000000000Z");
  });

  it.each([
    [false, [0, 1, 2], [1], []],
    [true, [0, 2], [], [1]],
  ])("that cannot be read are kept as text, or rejected: strict %s", (strict, kept, asText, rejected) => {
    const result = read(['{"msg":"m"}', "plain", '{"msg":"n"}'], "json", { strict });
    expect(result.records.map(({ index }) => index)).toEqual(kept);
    expect(result.keptAsText.map(({ index }) => index)).toEqual(asText);
    expect(result.rejects.map(({ index }) => index)).toEqual(rejected);
  });

  it("auto finds the format", () => {
    expect(read([ACCESS, ACCESS], "auto").format?.name).toBe("access");
    expect(read([], "auto").format?.name).toBe("text");
  });

  const anyLines = fc.array(
    fc.oneof(
      fc.constantFrom(
        ACCESS,
        '{"msg":"m"}',
        "Error: x",
        "    at a (a.js:1:2)",
        "",
        "plain",
        "level=info msg=m",
        TOO_LONG,
      ),
      fc.string({ unit: "binary" }).map((text) => text.replace(/[\r\n]/g, "")),
    ),
    { maxLength: 12 },
  );

  it("of any kind, in any format: each record and each reject has a place of its own, and the first line has one", () =>
    fc.assert(
      fc.property(anyLines, fc.constantFrom(...LINE_FORMAT_NAMES), fc.boolean(), (lines, format, strict) => {
        const { records, rejects } = read(lines, format, { strict });
        const places = [...records, ...rejects].map(({ index }) => index);
        expect(new Set(places).size).toBe(places.length);
        const firstLine = lines.findIndex((text) => text.trim() !== "");
        if (firstLine >= 0) expect(Math.min(...places)).toBeLessThanOrEqual(firstLine);
      }),
      { numRuns: 500 },
    ));

  it("of any kind, as text: records and rejects together are all the lines, but for blank ones", () =>
    fc.assert(
      fc.property(anyLines, (lines) => {
        const { records, rejects } = read(lines);
        const said = [
          ...records.map(({ record, index }) => ({ index, text: record.message })),
          ...rejects.map(({ index }) => ({ index, text: lines[index]! })),
        ].sort((a, b) => a.index - b.index);
        const squeezed = (texts: string[]) => texts.join("").replace(/\s+/g, "").toWellFormed();
        expect(squeezed(said.map(({ text }) => text))).toBe(squeezed(lines));
      }),
    ));
});
