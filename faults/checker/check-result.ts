import type { StoreName } from "./stored-copy.ts";

/** What became of the records in one store. All counts are of records unless they say otherwise. */
export interface StoreResult {
  /** Distinct records that were sent and are stored. */
  stored: number;
  /** Acknowledged, and neither stored nor dead-lettered nor dropped by rule. */
  lost: number;
  /** Of `lost`: those that do not even stand in the topic. */
  lostBeforeTheLog: number;
  /** In the topic, acknowledged or not, and not in the store, although its group has passed them. */
  skipped: number;
  /** Copies beyond the first, over all records. */
  duplicated: number;
  /** Copies of what was never sent. */
  phantom: number;
  /** Copies that say something else than what was sent. */
  corrupt: number;
  /** Rejected for ever, and stored nevertheless. */
  rejectedButStored: number;
  /** Meant to be kept out by a drop rule, and stored nevertheless. */
  droppedButStored: number;
  deadLettered: number;
  /** Records that came under an identity of another record, and are dead letters. */
  conflicts: number;
  /** Such records that were acknowledged and are no dead letter. */
  conflictsLost: number;
  /** Such records with more letters than they should have. */
  conflictsDoubled: number;
  /** Messages that are no batches and have no dead letter of this store. */
  unreadableWithoutLetter: number;
  /** Messages that the store's group has not committed. */
  lag: number;
  /** Of all copies in any order: the same again where the store has the same. */
  fingerprint: number;
}

/** The checker's judgement of one run. */
export interface CheckResult {
  /** No problems. */
  ok: boolean;
  /** What is wrong, one sentence each with its count. */
  problems: string[];
  /** The first cases of it. */
  samples: string[];
  /** Distinct records. */
  sent: number;
  acked: number;
  rejected: number;
  /** Without a final answer: each may be stored or not. */
  maybe: number;
  /** Of `maybe`: those that stand in the topic. */
  maybeInTheLog: number;
  /** Batches as they were sent, repeats included, and what came of each. */
  sends: { all: number; acked: number; refused: number; unknown: number };
  /** Of `sends.all`: how many by which call of the contract. */
  calls: Record<string, number>;
  topic: { messages: number; records: number; rejected: number; unreadable: number };
  deadLetters: Record<string, number>;
  stores: Partial<Record<StoreName, StoreResult>>;
  /** Rows of the statistics, and those that differ from a recount; absent where no store that has them is checked. */
  rollups?: { rows: number; differing: number };
}

/** The whole result in one line. */
export function resultLine(result: CheckResult): string {
  const sum = (of: (store: StoreResult) => number) =>
    Object.values(result.stores).reduce((all, store) => all + of(store), 0);
  const counts = [
    `${result.sent} sent`,
    `${result.acked} acked`,
    `${result.rejected} rejected`,
    `${result.maybe} maybe`,
    `${sum(({ lost }) => lost)} lost`,
    `${sum(({ duplicated }) => duplicated)} duplicated`,
    `${sum(({ phantom }) => phantom)} phantom`,
    `${sum(({ corrupt }) => corrupt)} corrupt`,
    ...(result.rollups ? [`${result.rollups.differing} of ${result.rollups.rows} statistics differ`] : []),
  ];
  return `${result.ok ? "OK" : "FAILED"}: ${counts.join(", ")}${result.ok ? "" : `: ${result.problems.join("; ")}`}`;
}
