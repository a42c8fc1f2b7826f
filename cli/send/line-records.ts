import { isUtf8 } from "node:buffer";
import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import {
  FORMAT_DETECTION_CHARACTERS_MAX,
  FORMAT_DETECTION_LINES_MAX,
  RECORD_BYTES_MAX,
} from "../../services/domain/limits.ts";
import { type DetectedFormat, detectFormat } from "../../services/domain/lines/detect-format.ts";
import { type JoinedText, LineJoiner } from "../../services/domain/lines/join-lines.ts";
import type { LineContext, LineFormat, LineProblem } from "../../services/domain/lines/line-format.ts";
import { readJoined } from "../../services/domain/lines/read-joined.ts";
import type { ReadRecord } from "../../services/domain/lines/read-record.ts";
import { textLine } from "../../services/domain/lines/text-line.ts";
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
  /** The format was chosen by the first lines, and what is told from now on was read by it. */
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

interface Reader {
  format: LineFormat;
  joiner: LineJoiner;
}

function readerOf(format: LineFormat, memory: readonly boolean[]): Reader {
  return { format, joiner: new LineJoiner(format, memory) };
}

const REPLACEMENT = "\ufffd";
const LINE_BREAK = Buffer.from("\n");

/** Makes records of lines. Holds what LineJoiner holds and, until the format is chosen, the first lines. */
export class LineRecords {
  private readonly reading: LineReading;
  private readonly events: LineEvents;
  private chosen: Reader | undefined;
  private chosenAt = 0; // Whoever begins here or later is to read by it.
  private memory: readonly boolean[]; // Until the format is chosen: of lines that were sent as text.
  private few: DetectedFormat | undefined; // What these were taken for.
  private undecided: HeldLine[] = [];
  private pending: HeldLine[] = []; // In the joiner.
  private outLines: number; // Of which was told what becomes of them; so they stand before `outEnd`.
  private outEnd: number;

  constructor(reading: LineReading, events: LineEvents) {
    this.reading = reading;
    this.events = events;
    this.outLines = reading.start.lines;
    this.outEnd = reading.start.offset;
    this.memory = reading.start.memory;
    if (reading.format) this.chosen = readerOf(reading.format, this.memory);
  }

  /** Undefined until it is chosen. */
  get format(): LineFormat | undefined {
    return this.chosen?.format;
  }

  /** By which to read where reading goes on at a restart point there; undefined where that was open. */
  formatAt(offset: number): LineFormat | undefined {
    return offset >= this.chosenAt ? this.format : undefined;
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
    const memory = this.chosen ? this.chosen.joiner.memory : this.memory;
    return memory && { offset: this.outEnd, lines: this.outLines, memory };
  }

  /** As TakeLine of LineSplitter. */
  add(bytes: Buffer, length: number, end: number): void {
    if (length > bytes.length) return this.rejectLong(length, end);
    const text = bytes.toString("utf8");
    const raw = text.includes(REPLACEMENT) && !isUtf8(bytes) ? Buffer.from(bytes) : undefined;
    this.take({ text, raw, end });
  }

  /** The next line begins here. Only while nothing is held. */
  passTo(offset: number): void {
    this.outEnd = offset;
  }

  /**
   * What is held becomes records now: nothing has come for a while. A few lines do not choose plain text for all that come:
   * they are text, and the format stays open.
   */
  flush(): void {
    if (!this.chosen) this.decide(false);
    if (this.chosen) this.give(this.chosen.format, this.chosen.joiner.flush());
  }

  /** The same, and the format is chosen: the source ends here. */
  end(): void {
    this.flush();
    if (!this.chosen && this.few) this.choose(this.few);
  }

  private rejectLong(length: number, end: number): void {
    this.flush();
    const reason = `is ${length} bytes long; a record has ${RECORD_BYTES_MAX} at most`;
    this.outEnd = end;
    this.events.onReject({ field: "line", reason }, this.placeOf(1));
  }

  private take(line: HeldLine): void {
    if (this.chosen) return this.join(this.chosen, line);
    this.undecided.push(line);
    const characters = this.undecided.reduce((sum, { text }) => sum + text.length, 0);
    const isEnough = this.undecided.length >= FORMAT_DETECTION_LINES_MAX;
    if (isEnough || characters >= FORMAT_DETECTION_CHARACTERS_MAX) this.decide(true);
  }

  /**
   * Chooses the format by what is held, unless that is nothing, or `isEnough` is not true and it would be text. Who reads
   * the same lines again chooses the same: what is held begins at a mark, or where the source does.
   */
  private decide(isEnough: boolean): void {
    const lines = this.undecided;
    if (lines.every(({ text }) => text.trim() === "")) return this.passOver(lines);
    this.undecided = [];
    const detected = detectFormat(
      lines.map(({ text }) => text),
      this.reading.context,
    );
    const isText = detected.format.name === textLine.name;
    const isOpen = isText && !isEnough && this.outLines + lines.length < FORMAT_DETECTION_LINES_MAX;
    const reader = isOpen ? readerOf(textLine, this.memory) : this.choose(detected);
    for (const line of lines) this.join(reader, line);
    if (!isOpen) return;
    this.few = detected;
    this.give(textLine, reader.joiner.flush());
    this.memory = reader.joiner.memory ?? this.memory;
  }

  /** Lines without anything in them, before the first one that has something. */
  private passOver(lines: readonly HeldLine[]): void {
    if (lines.length === 0) return;
    this.undecided = [];
    this.outEnd = lines.at(-1)!.end;
    this.events.onEmpty(this.placeOf(lines.length));
  }

  private choose(detected: DetectedFormat): Reader {
    const { format } = detected;
    const knowsOthers = format.name !== textLine.name && this.memory.length > 0; // Whoever begins here has to choose again.
    this.chosen = readerOf(format, knowsOthers ? [] : this.memory);
    this.chosenAt = knowsOthers ? this.outEnd + 1 : this.outEnd;
    this.events.onDetected(detected);
    return this.chosen;
  }

  private join({ format, joiner }: Reader, line: HeldLine): void {
    this.pending.push(line);
    this.give(format, joiner.add(line.text));
  }

  private give(format: LineFormat, texts: readonly JoinedText[]): void {
    for (const text of texts) this.giveText(format, text);
  }

  private giveText(format: LineFormat, joined: JoinedText): void {
    const held = this.pending.length === joined.lines ? this.pending : this.pending.slice(0, joined.lines);
    this.pending = held === this.pending ? [] : this.pending.slice(joined.lines);
    this.outEnd = held.at(-1)!.end;
    const place = this.placeOf(joined.lines);
    if (joined.text.trim() === "") return this.events.onEmpty(place);
    const { strict, context } = this.reading;
    const read = readJoined(format, joined, context, strict);
    const whole = "record" in read ? this.withRaw(read, format, joined.text, held) : read;
    if ("record" in whole) this.events.onRecord(whole.record, place, whole.keptAsText);
    else this.events.onReject(whole, place);
  }

  private withRaw(
    read: ReadRecord,
    format: LineFormat,
    text: string,
    lines: readonly HeldLine[],
  ): ReadRecord | LineProblem {
    if (lines.every(({ raw }) => raw === undefined)) return read;
    const parts = lines.flatMap((line, index) => {
      const bytes = line.raw ?? Buffer.from(line.text);
      return index === 0 ? [bytes] : [LINE_BREAK, bytes];
    });
    return withRawBytes(read, Buffer.concat(parts), text, { ...this.reading, format });
  }

  private placeOf(lines: number): LinePlace {
    this.outLines += lines;
    return { line: this.outLines - lines + 1, lines };
  }
}
