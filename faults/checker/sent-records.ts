import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import { isInvalid, type RecordSource, recordOf } from "../ledger/record-generator.ts";
import type { LedgerSummary, ProducerSends } from "./ledger-summary.ts";
import { contentHash, contentOf } from "./record-content.ts";
import { DROPPED, INVALID, SENT, TIMELESS } from "./record-flags.ts";
import { RivalRecords } from "./rival-records.ts";
import { STORES, type StoreName } from "./stored-copy.ts";

/** How often each record of one producer was found in each place. Seqs are indices: clients use them without gaps. */
export interface ProducerRecords {
  /** 32 lower-case hexadecimal digits. */
  producer: string;
  source: RecordSource;
  flags: Uint8Array;
  /** `contentHash` of each. */
  hashes: Float64Array;
  found: Record<Place, Uint16Array>;
  /** Of timeless records: the time that the SQL store has, in nanoseconds since 1970. */
  givenTimes: Map<number, bigint>;
}

/** Where a record may be found. The topic is the log, in the embedded mode too; its store says apart what it has settled. */
export type Place = "topic" | "settled" | StoreName | `${StoreName}Letters`;
const PLACES: readonly Place[] = [
  "topic",
  "settled",
  ...STORES.flatMap((store) => [store, `${store}Letters` as const]),
];

/** All records of a run, made again from its ledger, and how often each was found where. A few bytes for each. */
export class SentRecords {
  readonly producers: readonly ProducerRecords[];
  readonly rivals: RivalRecords;
  private readonly byName: ReadonlyMap<string, ProducerRecords>;

  /** `isDropped`: the run's drop rule. */
  constructor(summary: LedgerSummary, isDropped: (record: LogRecord) => boolean) {
    this.producers = summary.producers.map((sends) => recordsOf(sends, isDropped));
    this.rivals = new RivalRecords(summary.rivals);
    this.byName = new Map(this.producers.map((records) => [records.producer, records]));
  }

  /** The records of a producer; undefined where this seq of it was never sent. */
  find(producer: string, seq: number): ProducerRecords | undefined {
    const records = this.byName.get(producer);
    return records && ((records.flags[seq] ?? 0) & SENT) !== 0 ? records : undefined;
  }

  /** Behind the highest seq of a producer that may have been sent. */
  lengthOf(producer: string): number {
    return this.byName.get(producer)?.flags.length ?? 0;
  }

  /** Calls `take` for each record that was sent. */
  forEach(take: (records: ProducerRecords, seq: number, flags: number) => void): void {
    for (const records of this.producers) {
      for (let seq = 0; seq < records.flags.length; seq++) {
        const flags = records.flags[seq]!;
        if (flags & SENT) take(records, seq, flags);
      }
    }
  }
}

function recordsOf(sends: ProducerSends, isDropped: (record: LogRecord) => boolean): ProducerRecords {
  const { producer, source, flags } = sends;
  const records: ProducerRecords = {
    producer,
    source,
    flags,
    hashes: new Float64Array(flags.length),
    found: Object.fromEntries(PLACES.map((place) => [place, new Uint16Array(flags.length)])) as Record<
      Place,
      Uint16Array
    >,
    givenTimes: new Map(),
  };
  for (let seq = 0; seq < flags.length; seq++) {
    if (!(flags[seq]! & SENT)) continue;
    const record = recordOf(source, seq);
    records.hashes[seq] = contentHash(contentOf(record));
    if (isInvalid(source, seq)) flags[seq]! |= INVALID;
    else if (isDropped(record)) flags[seq]! |= DROPPED;
    if (!record.time) flags[seq]! |= TIMELESS;
  }
  return records;
}
