import type { StoredLog } from "../../../gen/logpulse/v1/query_service_pb.ts";
import { cutMessage } from "../../domain/cut-message.ts";
import type { TailPlace } from "../../domain/tail-cursor.ts";
import { PassedPlaces } from "./passed-places.ts";
import { isRepeat, type SeqRun } from "./repeat-memory.ts";
import type { SkippedCount } from "./skipped-count.ts";
import type { TailedRecord } from "./tailed-message.ts";

/** Records for one answer, gathered up to a bound. */
export class TailAnswer {
  readonly logs: StoredLog[] = [];
  bytes = 0;
  private readonly bytesMax: number;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get isEmpty(): boolean {
    return this.logs.length === 0;
  }

  /** The first record always fits. */
  hasRoomFor(bytes: number): boolean {
    return this.isEmpty || this.bytes + bytes <= this.bytesMax;
  }

  add(log: StoredLog, bytes: number): void {
    this.logs.push(log);
    this.bytes += bytes;
  }
}

/** Of one message, what meets the tail's condition. */
export interface MetRecords {
  partition: number;
  offset: number;
  records: readonly TailedRecord[];
  /** Where records of the message stood before. */
  before: readonly SeqRun[];
}

/** How far a tail has come, what it went over, and how it shows records. */
export class TailProgress {
  /** By partition: what comes next. */
  readonly places: TailPlace[];
  readonly passed: PassedPlaces;
  /** Records that were left out, since this tail went over another copy of them. */
  repeats = 0;
  private readonly messageBytesMax: number;
  private readonly skipped: SkippedCount;

  constructor(start: readonly TailPlace[], messageBytesMax: number, skipped: SkippedCount) {
    this.places = start.map((place) => ({ ...place }));
    this.passed = new PassedPlaces(start);
    this.messageBytesMax = messageBytesMax;
    this.skipped = skipped;
  }

  /**
   * Goes over these records, those before its place left out: adds them to the answer, but for repeats. False where the
   * answer is full: the place is then before the record that had no room. Otherwise it is behind the last of them.
   *
   * `onGoneOver`: called for each record that is gone over now.
   */
  show(met: MetRecords, answer: TailAnswer, onGoneOver?: () => void): boolean {
    const place = this.places[met.partition]!;
    if (met.offset < place.offset) return true;
    for (const record of met.records) {
      if (met.offset === place.offset && record.index < place.index) continue;
      if (!this.showRecord(met, record, answer)) return false;
      place.offset = met.offset;
      place.index = record.index + 1;
      onGoneOver?.();
    }
    return true;
  }

  /** It is behind this message, or further. */
  moveBehind(partition: number, offset: number): void {
    const place = this.places[partition]!;
    if (offset < place.offset) return;
    place.offset = offset + 1;
    place.index = 0;
  }

  /** It begins at that place of a partition: what it went over before it was not meant. */
  beginAt(partition: number, place: TailPlace): void {
    Object.assign(this.places[partition]!, place);
    this.passed.beginAt(partition, place);
  }

  /** It goes on at `until`, and misses what lies between. */
  skip(from: readonly TailPlace[], until: readonly TailPlace[]): void {
    until.forEach((place, partition) => {
      this.passed.addGap(partition, from[partition]!, place);
      Object.assign(this.places[partition]!, place);
    });
  }

  private showRecord({ partition, offset, before }: MetRecords, record: TailedRecord, answer: TailAnswer): boolean {
    if (before.length > 0 && isRepeat(record.seq, partition, before, this.passed)) {
      this.repeats++;
      return true;
    }
    try {
      const log = cutMessage(record.log, this.messageBytesMax);
      const bytes = record.bytes - (log.messageBytesCut === 0 ? 0 : log.messageBytesCut - this.messageBytesMax);
      if (!answer.hasRoomFor(bytes)) return false;
      answer.add(log, bytes);
    } catch (reason) {
      this.skipped.add(partition, offset, reason);
    }
    return true;
  }
}
