/** The lines of a ledger, in the order in which they happened. One JSON object each. */
export type LedgerEntry = RunEntry | ProducerEntry | SentEntry | AnswerEntry;

/** The first line. */
export interface RunEntry {
  is: "run";
  /** Repeats the whole run. */
  seed: number;
  name: string;
  /** Milliseconds since 1970: see RecordSource. */
  baseMs: number;
}

/** Before a producer's first batch. */
export interface ProducerEntry {
  is: "producer";
  /** 32 lower-case hexadecimal digits. */
  producer: string;
  /** Its records are `recordOf({ seed, baseMs of the run }, seq)`: a line for each of them would be a second database. */
  seed: number;
}

/** Before a batch is sent, each time that it is. */
export interface SentEntry {
  is: "sent";
  /** Counts all sends of the run from 0. */
  send: number;
  producer: string;
  firstSeq: number;
  count: number;
  /** Write, Upload or Stream. */
  by: string;
  /**
   * These are other records than the producer's own of these seqs, which were acknowledged before: they are made of this
   * seed. None of either is invalid.
   */
  rival?: number;
}

/** What came of a send. One without such a line has no answer: its process ended, or the run did. */
export interface AnswerEntry {
  is: "answer";
  send: number;
  outcome: Outcome;
  /** For "acked": the places in the batch of records that were rejected for ever. */
  rejected?: number[];
  /** gRPC's number, for all but "acked". */
  code?: number;
}

/**
 * What a client knows after a send. "acked": every record that is not in `rejected` is kept. "refused": nothing was kept.
 * "unknown": anything may have been kept.
 */
export type Outcome = "acked" | "refused" | "unknown";
