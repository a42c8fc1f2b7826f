import { createHash } from "node:crypto";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { type LogRecord, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { FORMAT_DETECTION_LINES_MAX, RECORD_BYTES_MAX } from "../../services/domain/limits.ts";
import { lineFormat } from "../../services/domain/lines/line-formats.ts";
import { type ReadingMark, type SourceBatch, SourceBatches, type SourcePosition } from "./source-batches.ts";

const PRODUCER = "01932c07e6007000800000000000000a";
const OTHER = "01932c07e6007000800000000000000b";
const BEGINNING: SourcePosition = { offset: 0, lines: 0, memory: [], producer: PRODUCER, seq: 0 };

interface Read {
  batches: SourceBatch[];
  /** `<producer>-<seq>` → record. */
  records: Map<string, LogRecord>;
  rejects: string[];
  lines: number;
  empty: number;
  detected: string[];
}

interface Options {
  format?: string;
  strict?: boolean;
  recordsMax?: number;
  position?: SourcePosition;
  marks?: readonly ReadingMark[];
}

function reader({ format, strict = false, recordsMax = 1_000, position = BEGINNING, marks = [] }: Options) {
  const read: Read = { batches: [], records: new Map(), rejects: [], lines: 0, empty: 0, detected: [] };
  const source = new SourceBatches(
    {
      name: "app.log",
      format: format === undefined ? undefined : lineFormat(format),
      strict,
      context: { service: "web", nowMs: Date.UTC(2026, 2, 1), offsetMinutes: () => 0 },
      position,
      marks,
      recordsMax,
    },
    {
      onLines: (lines) => (read.lines += lines),
      onReject: ({ field, reason }, { line, lines }) => read.rejects.push(`${line}+${lines} ${field} ${reason}`),
      onEmpty: (lines) => (read.empty += lines),
      onDetected: ({ format: { name } }) => read.detected.push(name),
    },
  );
  const take = (batches: readonly SourceBatch[]) => {
    for (const batch of batches) {
      const { producerId, firstSeq, records } = fromBinary(LogBatchSchema, batch.bytes);
      expect(records).toHaveLength(batch.records.length);
      expect(Number(firstSeq)).toBe(batch.firstSeq);
      const producer = Buffer.from(producerId).toString("hex");
      for (const [index, record] of records.entries()) {
        read.records.set(`${producer}-${batch.firstSeq + index}`, record);
      }
      read.batches.push(batch);
    }
  };
  return { source, take, read };
}

function readAll(chunks: readonly (Buffer | string)[], options: Options = {}): Read {
  const { source, take, read } = reader(options);
  for (const chunk of chunks) take(source.feed(Buffer.from(chunk)));
  take(source.finish());
  return read;
}

const messages = ({ records }: Read) => [...records.values()].map(({ message }) => message);
const places = ({ batches }: Read) =>
  batches.flatMap(({ records }) => records.map(({ line, lines }) => (lines === 1 ? `${line}` : `${line}+${lines}`)));

describe("SourceBatches", () => {
  it("makes records of lines, with seqs that follow one another and the lines where they stood", () => {
    const read = readAll(["INFO one\nERROR two\n\tat a.b.C(D.java:1)\n\n", "INFO three"], { format: "text" });
    expect([...read.records]).toMatchObject([
      [`${PRODUCER}-0`, { message: "INFO one", service: "web", severity: 9 }],
      [`${PRODUCER}-1`, { message: "ERROR two\n\tat a.b.C(D.java:1)", severity: 17 }],
      [`${PRODUCER}-2`, { message: "INFO three" }],
    ]);
    expect(places(read)).toEqual(["1", "2+3", "5"]);
    expect([read.lines, read.empty]).toEqual([5, 0]);
  });

  it("chooses the format by the first lines, and keeps what it cannot read as text", () => {
    const read = readAll(['\n{"msg":"a","level":"warn"}\n{"msg":"b"}\nnot json\n']);
    expect(read.detected).toEqual(["json"]);
    expect(messages(read)).toEqual(["a", "b", "not json"]);
    expect(read.batches[0]!.records.map(({ keptAsText }) => keptAsText?.field)).toEqual([undefined, undefined, "line"]);
    expect([read.lines, read.empty]).toEqual([4, 1]);
  });

  it("leaves the format open where time makes records of a few lines that are only text", () => {
    const { source, take, read } = reader({});
    take(source.feed(Buffer.from("Starting\n")));
    take(source.endRecord());
    expect(messages(read)).toEqual(["Starting"]);
    take(source.feed(Buffer.from('{"msg":"a"}\nb\n{"msg":"c"}\n')));
    take(source.finish());
    expect(messages(read)).toEqual(["Starting", "a", "b", "c"]);
    expect(read.detected).toEqual(["json"]);
  });

  it("chooses it again where reading goes on in between", () => {
    const { source, take } = reader({});
    take(source.feed(Buffer.from("2026-03-01T10:00:00Z INFO starting\n")));
    take(source.endRecord());
    const position = source.lastPosition;
    const rest = '{"msg":"a"}\n{"msg":"b"}\n';
    take(source.feed(Buffer.from(rest)));
    take(source.finish());
    const again = readAll([rest], { position, format: source.formatAt(position.offset)?.name });
    expect(messages(again)).toEqual(["a", "b"]);
  });

  it("does not leave it open for ever, nor at the end", () => {
    const { source, take, read } = reader({});
    for (let line = 0; line < FORMAT_DETECTION_LINES_MAX; line++) {
      expect(read.detected).toEqual([]);
      take(source.feed(Buffer.from("plain\n")));
      take(source.endRecord());
    }
    expect(read.detected).toEqual(["text"]);
    expect(readAll(["plain\n"]).detected).toEqual(["text"]);
  });

  it("rejects what it cannot read where that is wanted, by line and reason", () => {
    const read = readAll(['{"msg":"a"}\nnot json\n{"msg":"b"}\n'], { format: "json", strict: true });
    expect(messages(read)).toEqual(["a", "b"]);
    expect([...read.records.keys()]).toEqual([`${PRODUCER}-0`, `${PRODUCER}-1`]);
    expect(read.rejects).toEqual([expect.stringMatching(/^2\+1 line /)]);
  });

  it("has nothing to say of nothing, and counts empty lines", () => {
    expect(readAll([""])).toMatchObject({ batches: [], lines: 0, empty: 0, detected: [] });
    expect(readAll(["\n \r\n\n"])).toMatchObject({ batches: [], lines: 3, empty: 3, detected: [] });
    expect(readAll(["\n\n"], { format: "text" })).toMatchObject({ batches: [], lines: 2, empty: 2 });
  });

  it("keeps lines that are not UTF-8 whole in raw, with those they were joined with", () => {
    const latin1 = (text: string) => Buffer.from(text, "latin1");
    const read = readAll([latin1("INFO caf\xe9\n  at \xe9\n"), "INFO café\n"], { format: "text" });
    expect([...read.records.values()].map(({ message, raw }) => [message, raw && Buffer.from(raw)])).toEqual([
      ["INFO caf\ufffd\n  at \ufffd", latin1("INFO caf\xe9\n  at \xe9")],
      ["INFO café", undefined],
    ]);
  });

  it("keeps a line that fits a record, cuts the readable form of one that is not UTF-8, and rejects what is longer", () => {
    const raw = Buffer.concat([Buffer.alloc(RECORD_BYTES_MAX - 1_000, "a"), Buffer.of(0xff)]);
    const tooLong = "b".repeat(RECORD_BYTES_MAX + 1);
    const nearly = "c".repeat(RECORD_BYTES_MAX);
    const read = readAll(["INFO x\n", raw, `\n${tooLong}\n${"d".repeat(200_000)}\n${nearly}\nINFO y\n`], {
      format: "text",
    });
    const [, cut, long] = [...read.records.values()];
    expect(Buffer.from(cut!.raw!).equals(raw)).toBe(true);
    expect(cut!.message.length).toBeGreaterThan(900);
    expect(cut!.message.length).toBeLessThan(1_000);
    expect(long!.message).toBe("d".repeat(200_000));
    expect(read.rejects).toEqual([
      `3+1 line is ${RECORD_BYTES_MAX + 1} bytes long; a record has ${RECORD_BYTES_MAX} at most`,
      expect.stringMatching(/^5\+1 line makes a record of 2621\d\d bytes; the limit is 262144$/),
    ]);
    expect(places(read)).toEqual(["1", "2", "4", "6"]);
  });

  it.each([true, false])("tells that a line is text for its bytes, or rejects it; strict: %s", (strict) => {
    const long = Buffer.from(`{"msg":"${"a".repeat(RECORD_BYTES_MAX - 100)}\xff"}\n`, "latin1");
    const read = readAll([long], { format: "json", strict });
    const reason = `is ${long.length - 1} bytes long and not UTF-8; a record has ${RECORD_BYTES_MAX}`;
    expect(read.rejects).toEqual(strict ? [`1+1 line ${reason}`] : []);
    const kept = read.batches.flatMap(({ records }) => records.map(({ keptAsText }) => keptAsText));
    expect(kept).toEqual(strict ? [] : [{ field: "line", reason }]);
  });

  it("closes batches by records, and by bytes", () => {
    const lines = Array.from({ length: 25 }, (_, at) => `INFO ${at}\n`).join("");
    const sizes = (read: Read) => read.batches.map(({ records }) => records.length);
    expect(sizes(readAll([lines], { format: "text", recordsMax: 10 }))).toEqual([10, 10, 5]);
    const long = `INFO ${"x".repeat(100_000)}\n`.repeat(6);
    expect(sizes(readAll([long], { format: "text" }))).toEqual([3, 3]);
  });
});

const LINES = [
  "",
  "2026-03-01T10:42:07Z ERROR failed",
  "2026-03-01 10:42:08,123 INFO more",
  "no time here",
  "java.lang.IllegalStateException: no",
  "\tat org.example.Main.run(Main.java:3)",
  "Caused by: java.io.IOException: disk",
  "Traceback (most recent call last):",
  "ValueError: bad",
  "panic: out of range",
  '{"msg":"a","level":"warn"}',
  "x".repeat(130_000),
  "y".repeat(RECORD_BYTES_MAX + 5),
  "\xff\xfe",
];
/** Numbers of LINES. */
const choices = fc.array(fc.nat(LINES.length - 1), { maxLength: 40 });
const textOf = (lines: readonly number[]) => Buffer.from(lines.map((line) => `${LINES[line]}\n`).join(""), "latin1");
const formats = fc.constantFrom("text", "json", "cri", undefined);

describe("the records of a source", () => {
  it("are the same however its bytes are cut and its records packed", { timeout: 60_000 }, () => {
    const cuts = fc.array(fc.nat(3_000_000));
    fc.assert(
      fc.property(choices, formats, cuts, fc.integer({ min: 1, max: 7 }), (lines, format, cutAt, recordsMax) => {
        const text = textOf(lines);
        const places = [...new Set([0, ...cutAt.map((cut) => cut % (text.length + 1)), text.length])];
        places.sort((one, other) => one - other);
        const chunks = places.slice(1).map((end, index) => text.subarray(places[index], end));
        const whole = readAll([text], { format });
        const cut = readAll(chunks, { format, recordsMax });
        expect(shown(cut.records)).toEqual(shown(whole.records));
        expect([cut.rejects, cut.lines, cut.empty]).toEqual([whole.rejects, whole.lines, whole.empty]);
      }),
      { numRuns: 60 },
    );
  });

  it("are the same from every position on, with the marks that were made", { timeout: 60_000 }, () => {
    const actions = fc.infiniteStream(fc.constantFrom("no", "no", "no", "end record", "renew", "take batch"));
    fc.assert(
      fc.property(choices, formats, actions, fc.integer({ min: 1, max: 7 }), (lines, format, action, recordsMax) => {
        const text = textOf(lines);
        const { source, take, read } = reader({ format, recordsMax });
        const marks: ReadingMark[] = [];
        const positions: [SourcePosition, number][] = [[BEGINNING, 0]];
        for (const chunk of someLines(text)) {
          take(source.feed(chunk));
          take(act(action.next().value, source, marks));
          positions.push([source.lastPosition, read.batches.length]);
        }
        take(source.finish());
        read.batches.forEach(({ position }, index) => void positions.push([position, index + 1]));
        for (const [given, kept] of positions) {
          const position = JSON.parse(JSON.stringify(given));
          const later = marks.filter(({ offset }) => offset >= position.offset);
          const reading = { format: source.formatAt(position.offset)?.name, position, marks: later };
          const again = shown(readAll([text.subarray(position.offset)], reading).records);
          const all = shown(read.records);
          for (const identity of Object.keys(again)) expect(again[identity]).toBe(all[identity]);
          for (const identity of identitiesOf(read.batches.slice(kept))) expect(again).toHaveProperty([identity]);
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** A part of a line, a line, or several. */
function someLines(text: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < text.length; ) {
    const lineEnd = text.indexOf("\n", at + 1 + (at % 97)) + 1 || text.length;
    const end = at % 3 === 0 ? Math.min(at + 20, text.length) : lineEnd;
    chunks.push(text.subarray(at, end));
    at = end;
  }
  return chunks;
}

function act(action: string, source: SourceBatches, marks: ReadingMark[]): SourceBatch[] {
  if (action === "take batch") return source.takeBatch();
  if (action === "end record") {
    marks.push({ offset: source.restStart });
    return source.endRecord();
  }
  const offset = action === "renew" ? source.renewalPlace : undefined;
  if (offset === undefined || source.producer === OTHER) return [];
  marks.push({ offset, producer: OTHER });
  return source.renew(OTHER);
}

function identitiesOf(batches: readonly SourceBatch[]): string[] {
  return batches.flatMap(({ bytes, firstSeq, records }) => {
    const producer = Buffer.from(fromBinary(LogBatchSchema, bytes).producerId).toString("hex");
    return records.map((_, index) => `${producer}-${firstSeq + index}`);
  });
}

/** By identity, short enough to be shown where two differ. */
function shown(records: ReadonlyMap<string, LogRecord>): Record<string, string> {
  const entries = [...records].map(([identity, record]) => {
    const bytes = toBinary(LogRecordSchema, record);
    const digest = createHash("sha1").update(bytes).digest("hex");
    return [identity, `${record.message.slice(0, 80)} ${digest}`];
  });
  return Object.fromEntries(entries);
}
