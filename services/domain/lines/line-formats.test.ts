import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogBatchSchema } from "../../../gen/logpulse/v1/log_batch_pb.ts";
import { walkBatch } from "../../ingest/walk-batch.ts";
import { HOSTILE_TEXTS } from "../../ports/hostile-texts.ts";
import { LINE_BYTES_MAX } from "../limits.ts";
import { isRecord, LINE_FORMAT_NAMES } from "./line-format.ts";
import { LINE_FORMATS, lineFormat } from "./line-formats.ts";
import { CONTEXT } from "./lines.fixture.ts";
import { readRecord } from "./read-record.ts";

/** A line or two of each format. */
const LINES = [
  "2026-11-21T13:00:00Z 10.1.2.3 GET /cart 404 12ms",
  '1.1.1.1 - frank [17/May/2015:10:05:03 +0200] "GET /a?b=1 HTTP/1.1" 200 512 "http://x/" "curl/8" "10.0.0.1" 0.123',
  '[2026-04-15T20:17:00.310Z] "POST / HTTP/2" 204 - 154 0 226 100 "10.0.35.28" "curl/8" "id" "authority" "10.0.2.1:80"',
  '{"level":30,"time":1773000000123,"name":"shop","msg":"m","req":{"method":"GET","url":"/"},"res":{"statusCode":200}}',
  '{"@timestamp":"2026-11-21T10:42:07.298Z","log.level":"WARN","message":"m","http":{"response":{"status_code":200}}}',
  'ts=2026-11-21T10:42:07.298Z level=info msg="a \\"b\\" c" method=GET path=/ status=200 duration_ms=1.5',
  "<34>1 2026-10-11T22:14:15.003Z host su 12 ID47 [a@1 b=\"c\"] 'su root' failed",
  "<13>Oct 11 22:14:15 host su[12]: 'su root' failed",
  "2026-11-21T10:42:07.298123456Z stderr F an error",
  '{"log":"an error\\n","stream":"stderr","time":"2026-11-21T10:42:07.298123456Z"}',
  "2026-11-21 10:42:07,298 [main] ERROR a.B - boom\njava.lang.X: y\n\tat a.B.c(B.java:1)",
];

const pieces = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(
    ...HOSTILE_TEXTS,
    '"',
    "\\",
    "\n",
    "[",
    "]",
    " ",
    "=",
    "{",
    "}",
    "-",
    "\ud800",
    "1e400",
    "9".repeat(25),
  ),
);

/** Texts that are nearly lines of some format: parts of real ones, with anything between them. */
const nearlyLines = fc
  .tuple(fc.constantFrom(...LINES), fc.array(fc.tuple(fc.nat(200), fc.nat(8), pieces), { maxLength: 4 }))
  .map(([line, changes]) =>
    changes.reduce((text, [at, cut, piece]) => text.slice(0, at) + piece + text.slice(at + cut), line),
  );

const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  nearlyLines,
  fc.json(),
  fc.array(nearlyLines, { minLength: 2, maxLength: 3 }).map((lines) => lines.join("\n")),
);

describe.each(LINE_FORMATS)("$name", (format) => {
  it("never throws, and what it reads keeps the contract's rules", () =>
    fc.assert(
      fc.property(texts, fc.boolean(), (text, strict) => {
        expect(typeof format.beginsRecord(text)).toBe("boolean");
        const read = readRecord(format, text, CONTEXT, strict);
        if (!("record" in read)) {
          expect(read).toEqual({ field: expect.any(String), reason: expect.any(String) });
          return;
        }
        const bytes = toBinary(LogBatchSchema, create(LogBatchSchema, { records: [read.record] }));
        expect(walkBatch(bytes).rejects).toEqual([]);
      }),
      { numRuns: 2_000 },
    ));

  it("loses no line: what it cannot read is kept as text, letter for letter", () =>
    fc.assert(
      fc.property(nearlyLines, (text) => {
        const read = readRecord(format, text, CONTEXT, false);
        if (text.trim() === "" || !("record" in read) || !read.keptAsText) return;
        expect(read.record.message).toBe(text.replace(/[\r\n]+$/, "").toWellFormed());
      }),
    ));

  it.each([
    ["blanks", " "],
    ["quotes", '"'],
    ["escaped quotes", '\\"'],
    ["brackets", "["],
    ["blanks and brackets", " ["],
    ["pairs", "a=b "],
    ["pairs with quotes", 'a="" '],
    ["empty objects", '{"a":'],
    ["digits", "1"],
    ["digits and dots", "1.1"],
    ["dashes", "- "],
    ["words", "word: "],
    ["line breaks", "\n"],
    ["lines", "\n\tat a.b(C.java:1)"],
    ["colours", "\u001b[0m"],
  ])("reads a line full of %s in time", (_name, piece) => {
    const filler = piece.repeat(LINE_BYTES_MAX / piece.length);
    const before = process.threadCpuUsage(); // Not the clock: the machine may have other things to do.
    for (const line of LINES) {
      format.read(filler, CONTEXT);
      for (const at of [line.length, Math.floor(line.length / 2), 3]) {
        const text = line.slice(0, at) + filler + line.slice(at);
        format.read(text, CONTEXT);
        format.beginsRecord(text);
      }
    }
    // 44 readings of 64 KiB: 20 ms or so each at worst. What grows with the square of the length takes many times as much.
    expect(process.threadCpuUsage(before).user).toBeLessThan(3_000_000);
  });
});

describe("the registry", () => {
  it("has each format once, text last", () => {
    expect(LINE_FORMATS.map(({ name }) => name).sort()).toEqual([...LINE_FORMAT_NAMES].sort());
    expect(LINE_FORMATS.at(-1)!.name).toBe("text");
    for (const format of LINE_FORMATS) expect(lineFormat(format.name)).toBe(format);
  });

  it.each(LINES)("%.40j is read by the format it is of", (line) =>
    expect(LINE_FORMATS.some((format) => format.name !== "text" && isRecord(format.read(line, CONTEXT)))).toBe(
      !line.includes("a.B - boom"),
    ),
  );

  it.each([
    ["combned", /^format is "combned"; it must be one of access, .*, text, auto, did you mean combined\?$/],
    ["JSON", /did you mean json\?$/],
    ["xml", /^format is "xml"; it must be one of access, combined, envoy, json, logfmt, syslog, cri, text, auto$/],
    ["f".repeat(1_000), /^format is "f{60}"; it must/],
  ])("%.20j is none", (name, message) =>
    expect(() => lineFormat(name)).toThrow(
      expect.objectContaining({ kind: "invalid_request", message: expect.stringMatching(message) }),
    ),
  );
});
