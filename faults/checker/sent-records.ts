import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import { isInvalid, type RecordSource, recordOf } from "../ledger/record-generator.ts";
import type { LedgerSummary, ProducerSends } from "./ledger-summary.ts";
import { contentHash, contentOf } from "./record-content.ts";
import { DROPPED, INVALID, SENT, TIMELESS } from "./record-flags.ts";

/** How often each record of one producer was found in each place. Seqs are indices: clients use them without gaps. */
export interface ProducerRecords {
  /** 32 lower-case hexadecimal digits. */
  producer: string;
  source: RecordSource;
  flags: Uint8Array;
  /** `contentHash` of each. */
  hashes: Float64Array;
  found: Record<Place, Uint16Array>;
  /** Of timeless records: the time that MySQL has, in nanoseconds since 1970. */
  givenTimes: Map<number, bigint>;
}

/** Where a record may be found. */
export const PLACES = ["topic", "elasticsearch", "mysql", "elasticsearchLetters", "mysqlLetters"] as const;
export type Place = (typeof PLACES)[number];

/** All records of a run, made again from its ledger, and how often each was found where. A few bytes for each. */
export class SentRecords {
  readonly producers: readonly ProducerRecords[];
  private readonly byName: ReadonlyMap<string, ProducerRecords>;

  /** `isDropped`: the run's drop rule. */
  constructor(summary: LedgerSummary, isDropped: (record: LogRecord) => boolean) {
    this.producers = summary.producers.map((sends) => recordsOf(sends, isDropped));
    this.byName = new Map(this.producers.map((records) => [records.producer, records]));
  }

  /** The records of a producer; undefined where this seq of it was never sent. */
  find(producer: string, seq: number): ProducerRecords | undefined {
    const records = this.byName.get(producer);
    return records && ((records.flags[seq] ?? 0) & SENT) !== 0 ? records : undefined;
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
    found: {
      topic: new Uint16Array(flags.length),
      elasticsearch: new Uint16Array(flags.length),
      mysql: new Uint16Array(flags.length),
      elasticsearchLetters: new Uint16Array(flags.length),
      mysqlLetters: new Uint16Array(flags.length),
    },
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
