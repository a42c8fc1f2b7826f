import { isUtf8 } from "node:buffer";
import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import {
  FORMAT_DETECTION_CHARACTERS_MAX,
  FORMAT_DETECTION_LINES_MAX,
  RECORD_BYTES_MAX,
} from "../../services/domain/limits.ts";
import { type DetectedFormat, detectFormat } from "../../services/domain/lines/detect-format.ts";
import { type JoinedText, LineJoiner } from "../../services/domain/lines/join-lines.ts";
import {
  isRecord,
  type LineContext,
  type LineFormat,
  type LineProblem,
} from "../../services/domain/lines/line-format.ts";
import { readJoined } from "../../services/domain/lines/read-joined.ts";
import { withRawBytes } from "./raw-bytes.ts";

/** Lines of a source that belong together. */
export interface LinePlace {
  /** The first of them, counted from 1. */
  line: number;
  /** How many they are. */
  lines: number;
}

/** What becomes of lines, in their order; each line is told once. */
export interface LineEvents {
  /** `keptAsText`: what the format could not read, where the record is only the text. */
  onRecord(record: LogRecord, place: LinePlace, keptAsText: LineProblem | undefined): void;
  onReject(problem: LineProblem, place: LinePlace): void;
  /** Lines without anything in them, which are no record. */
  onEmpty(place: LinePlace): void;
  /** The format was chosen by the first lines. */
  onDetected(detected: DetectedFormat): void;
}

/** A place in a source from which another reader can go on, and what it needs for that. */
export interface RestartPoint {
  /** In bytes from the beginning of the source. */
  offset: number;
  /** How many lines stand before it. */
  lines: number;
  /** Of LineJoiner. */
  memory: readonly boolean[];
}

/** How lines are read. */
export interface LineReading {
  /** Undefined: it is chosen by the first lines. */
  format: LineFormat | undefined;
  /** Lines that the format cannot read are rejected, not kept as text. */
  strict: boolean;
  /** Its `nowMs` may be changed at any time. */
  context: LineContext;
  /** Where the first line begins. */
  start: RestartPoint;
}

/** A line that no record was made of yet. `raw`: its bytes, where they are not UTF-8. */
interface HeldLine {
  text: string;
  raw: Buffer | undefined;
  end: number;
}

const REPLACEMENT = "\ufffd";

/** Makes records of lines. Holds what LineJoiner holds and, until the format is chosen, the first lines. */
export class LineRecords {
  private readonly reading: LineReading;
  private readonly events: LineEvents;
  private chosen: { format: LineFormat; joiner: LineJoiner } | undefined;
  private undecided: HeldLine[] = [];
  private undecidedCharacters = 0;
  private pending: HeldLine[] = []; // In the joiner.
  private outLines: number; // Of which was told what becomes of them; so they stand before `outEnd`.
  private outEnd: number;

  constructor(reading: LineReading, events: LineEvents) {
    this.reading = reading;
    this.events = events;
    this.outLines = reading.start.lines;
    this.outEnd = reading.start.offset;
    if (reading.format) this.choose(reading.format);
  }

  /** Undefined until it is chosen. */
  get format(): LineFormat | undefined {
    return this.chosen?.format;
  }

  /** How many lines are held, of which later ones might change what they become. */
  get linesHeld(): number {
    return this.pending.length + this.undecided.length;
  }

  /**
   * The place before what is held, where another reader gives the same records from there on as this one will. Undefined
   * where it would not: ask again later.
   */
  get restartPoint(): RestartPoint | undefined {
    const memory = this.chosen ? this.chosen.joiner.memory : this.reading.start.memory;
    return memory && { offset: this.outEnd, lines: this.outLines, memory };
  }

  /** As TakeLine of LineSplitter. */
  add(bytes: Buffer, length: number, end: number): void {
    if (length > bytes.length) return this.rejectLong(length, end);
    const text = bytes.toString("utf8");
    const raw = text.includes(REPLACEMENT) && !isUtf8(bytes) ? Buffer.from(bytes) : undefined;
    this.take({ text, raw, end });
  }

  /** What is held becomes records now, and the format is chosen: nothing has come for a while, or the source ends here. */
  flush(): void {
    this.decide();
    if (this.chosen) this.give(this.chosen.joiner.flush());
  }

  private rejectLong(length: number, end: number): void {
    this.flush();
    const reason = `is ${length} bytes long; a record has ${RECORD_BYTES_MAX} at most`;
    this.outEnd = end;
    this.events.onReject({ field: "line", reason }, this.placeOf(1));
  }

  private take(line: HeldLine): void {
    if (this.chosen) return this.join(this.chosen.joiner, line);
    this.undecided.push(line);
    this.undecidedCharacters += line.text.length;
    const isEnough = this.undecided.length >= FORMAT_DETECTION_LINES_MAX;
    if (isEnough || this.undecidedCharacters >= FORMAT_DETECTION_CHARACTERS_MAX) this.decide();
  }

  /** Chooses the format, unless there is one already, or no line to choose it by. */
  private decide(): void {
    const lines = this.undecided;
    if (this.chosen || lines.every(({ text }) => text.trim() === "")) return this.passOver(lines);
    this.undecided = [];
    const detected = detectFormat(
      lines.map(({ text }) => text),
      this.reading.context,
    );
    const { joiner } = this.choose(detected.format);
    this.events.onDetected(detected);
    for (const line of lines) this.join(joiner, line);
  }

  /** Lines without anything in them, before the first one that has something. */
  private passOver(lines: readonly HeldLine[]): void {
    if (lines.length === 0) return;
    this.undecided = [];
    this.outEnd = lines.at(-1)!.end;
    this.events.onEmpty(this.placeOf(lines.length));
  }

  private choose(format: LineFormat): { format: LineFormat; joiner: LineJoiner } {
    this.chosen = { format, joiner: new LineJoiner(format, this.reading.start.memory) };
    return this.chosen;
  }

  private join(joiner: LineJoiner, line: HeldLine): void {
    this.pending.push(line);
    this.give(joiner.add(line.text));
  }

  private give(texts: readonly JoinedText[]): void {
    for (const text of texts) this.giveText(text);
  }

  private giveText(joined: JoinedText): void {
    const held = this.pending.length === joined.lines ? this.pending : this.pending.slice(0, joined.lines);
    this.pending = held === this.pending ? [] : this.pending.slice(joined.lines);
    this.outEnd = held.at(-1)!.end;
    const place = this.placeOf(joined.lines);
    if (joined.text.trim() === "") return this.events.onEmpty(place);
    const read = readJoined(this.chosen!.format, joined, this.reading.context, this.reading.strict);
    if (!("record" in read)) return this.events.onReject(read, place);
    const record = this.withRaw(read.record, joined.text, held);
    if (isRecord(record)) this.events.onRecord(record, place, read.keptAsText);
    else this.events.onReject(record, place);
  }

  private withRaw(record: LogRecord, text: string, lines: readonly HeldLine[]): LogRecord | LineProblem {
    if (lines.every(({ raw }) => raw === undefined)) return record;
    const parts = lines.flatMap((line, index) => {
      const bytes = line.raw ?? Buffer.from(line.text);
      return index === 0 ? [bytes] : [LINE_BREAK, bytes];
    });
    return withRawBytes(record, Buffer.concat(parts), text, this.reading.context);
  }

  private placeOf(lines: number): LinePlace {
    this.outLines += lines;
    return { line: this.outLines - lines + 1, lines };
  }
}

const LINE_BREAK = Buffer.from("\n");
