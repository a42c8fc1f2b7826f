import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import type { LedgerEntry } from "../ledger/ledger-entries.ts";
import type { CheckResult } from "./check-result.ts";
import type { Rollups } from "./export-rollups.ts";
import { differingRows, joinLetters, type LetterFacts } from "./join-letters.ts";
import { joinStore } from "./join-store.ts";
import { joinTopic, type TopicMessage } from "./join-topic.ts";
import { type CountedProblem, judge } from "./judge.ts";
import { summarize } from "./ledger-summary.ts";
import { type CountingStore, compareRollups, recountRollups } from "./recount-rollups.ts";
import { Samples } from "./samples.ts";
import { SentRecords } from "./sent-records.ts";
import type { StoredCopy, StoreName } from "./stored-copy.ts";

/** Whatever can be gone through once. */
export type Many<T> = Iterable<T> | AsyncIterable<T>;

/** Everything that a run has left behind. Each part is read to its end before the next one is begun. */
export interface Exports {
  ledger: Many<LedgerEntry>;
  topic: Many<TopicMessage>;
  letters: Many<DeadLetter>;
  /** The rows of the table of dead letters; absent where it is not checked. */
  letterRows?: Many<LetterFacts>;
  stores: readonly StoreExport[];
  /** Absent where no store that has statistics is checked. */
  rollups?: { of: CountingStore; read: () => Promise<Rollups> };
}

/** What a store holds. */
export interface StoreExport {
  store: StoreName;
  copies: Many<StoredCopy>;
  /** Messages that its group has not committed. */
  lag: () => Promise<number>;
  /** Looks at what only this store has, once its copies are joined. */
  further?: (sent: SentRecords) => CountedProblem[];
}

/** What a run was meant to do. */
export interface Expectations {
  tenant: string;
  /** The drop rule of the run. */
  isDropped: (record: LogRecord) => boolean;
  /** True where valid records may become dead letters. */
  mayDeadLetter: boolean;
  /** Where cases are noted, if the exports note some too. */
  samples?: Samples;
}

/** Joins and judges. Knows no server: it is the part of the checker that can be checked with exports made by hand. */
export async function checkExports(exports: Exports, expected: Expectations): Promise<CheckResult> {
  const { tenant, isDropped, mayDeadLetter } = expected;
  const samples = expected.samples ?? new Samples();
  const summary = await summarize(exports.ledger);
  const sent = new SentRecords(summary, isDropped);
  const topic = await joinTopic(sent, exports.topic, tenant, samples);
  const letters = await joinLetters(sent, exports.letters, tenant, samples);
  const differingLetters = exports.letterRows ? await differingRows(letters, exports.letterRows, samples) : 0;
  const stores = [];
  const further: CountedProblem[] = [];
  for (const { store, copies, lag, further: lookFurther } of exports.stores) {
    stores.push({ store, counts: await joinStore(sent, store, copies, tenant, samples), lag: await lag() });
    further.push(...(lookFurther?.(sent) ?? []));
  }
  const rollups = exports.rollups && (await recounted(sent, exports.rollups, samples));
  return judge({ summary, sent, topic, letters, differingLetters, stores, rollups, mayDeadLetter, further, samples });
}

async function recounted(
  sent: SentRecords,
  { of, read }: NonNullable<Exports["rollups"]>,
  samples: Samples,
): Promise<{ rows: number; differing: number }> {
  const recount = recountRollups(sent, of);
  const rows = recount.minutes.size + recount.series.size + recount.clients.size;
  return { rows, differing: compareRollups(await read(), recount, samples) };
}
