import type { CheckResult, StoreResult } from "./check-result.ts";
import type { LetterCounts } from "./join-letters.ts";
import type { JoinCounts } from "./join-store.ts";
import type { TopicCounts } from "./join-topic.ts";
import type { LedgerSummary } from "./ledger-summary.ts";
import { ACKED, DROPPED, INVALID, REJECTED } from "./record-flags.ts";
import type { Samples } from "./samples.ts";
import type { ProducerRecords, SentRecords } from "./sent-records.ts";
import type { StoreName } from "./stored-copy.ts";

/** A sentence and how often it is true; 0: it is no problem. */
export type CountedProblem = [count: number, sentence: string];

/** Everything that was found, ready to be judged. */
export interface Findings {
  summary: LedgerSummary;
  sent: SentRecords;
  topic: TopicCounts;
  letters: LetterCounts;
  /** Between the topic of dead letters and their table. */
  differingLetters: number;
  stores: { store: StoreName; counts: JoinCounts; lag: number }[];
  rollups: { rows: number; differing: number } | undefined;
  /** True where valid records may become dead letters in this run. */
  mayDeadLetter: boolean;
  /** What was found where only one store has it. */
  further: readonly CountedProblem[];
  samples: Samples;
}

/** Turns the marks of all records into counts, and the counts into a judgement. */
export function judge(findings: Findings): CheckResult {
  const { summary, sent, topic, letters, rollups, samples } = findings;
  const totals = { sent: 0, acked: 0, rejected: 0, maybe: 0, maybeInTheLog: 0, misjudged: topic.misjudged };
  const stores = findings.stores.map((found) => ({ ...found, result: emptyResult(found, topic, letters) }));
  sent.forEach((records, seq, flags) => {
    countTotals(totals, records, seq, flags, samples);
    for (const { store, result } of stores) countStore(result, store, records, seq, flags, samples);
  });
  const result: CheckResult = {
    ok: false,
    problems: [],
    samples: samples.sentences,
    sent: totals.sent,
    acked: totals.acked,
    rejected: totals.rejected,
    maybe: totals.maybe,
    maybeInTheLog: totals.maybeInTheLog,
    sends: summary.sends,
    calls: summary.calls,
    topic: {
      ...{ messages: topic.messages, records: topic.records, rejected: topic.rejected },
      unreadable: topic.unreadable.size,
    },
    deadLetters: letters.reasons,
    stores: Object.fromEntries(stores.map(({ store, result }) => [store, result])),
    rollups,
  };
  for (const { store, result } of stores) countRivals(result, store, sent, samples);
  result.problems = problemsOf(result, findings, totals.misjudged, differingIds(findings, samples));
  result.ok = result.problems.length === 0;
  return result;
}

function emptyResult(
  { store, counts, lag }: Findings["stores"][number],
  topic: TopicCounts,
  letters: LetterCounts,
): StoreResult {
  const unreadableWithoutLetter = [...topic.unreadable].filter((place) => !letters.unreadable[store].has(place)).length;
  return {
    ...{ stored: 0, lost: 0, lostBeforeTheLog: 0, skipped: 0, duplicated: 0, deadLettered: 0 },
    ...{ rejectedButStored: 0, droppedButStored: 0, unreadableWithoutLetter, lag },
    ...{ conflicts: 0, conflictsLost: 0, conflictsDoubled: 0 },
    ...{ phantom: counts.phantom, corrupt: counts.corrupt, fingerprint: counts.fingerprint },
  };
}

interface Totals {
  sent: number;
  acked: number;
  rejected: number;
  maybe: number;
  maybeInTheLog: number;
  misjudged: number;
}

function countTotals(totals: Totals, records: ProducerRecords, seq: number, flags: number, samples: Samples): void {
  totals.sent++;
  if (flags & ACKED) totals.acked++;
  else if (flags & REJECTED) totals.rejected++;
  else {
    totals.maybe++;
    if (records.found.topic[seq]! > 0) totals.maybeInTheLog++;
  }
  const wanted = flags & INVALID ? REJECTED : ACKED;
  const given = flags & (ACKED | REJECTED);
  if (given !== 0 && given !== wanted) {
    totals.misjudged++;
    samples.add(
      "misjudged",
      `${records.producer}-${seq} is ${flags & INVALID ? "invalid" : "valid"}, and its answers said otherwise`,
    );
  }
}

function countStore(
  result: StoreResult,
  store: StoreName,
  records: ProducerRecords,
  seq: number,
  flags: number,
  samples: Samples,
): void {
  const copies = records.found[store][seq]!;
  const letters = records.found[`${store}Letters`][seq]!;
  const name = `${records.producer}-${seq}`;
  if (letters > 0) result.deadLettered++;
  if (copies > 0) {
    result.stored++;
    result.duplicated += copies - 1;
    if (copies > 1) samples.add(`duplicate in ${store}`, `${store} has ${name} ${copies} times`);
    if (flags & REJECTED) result.rejectedButStored++;
    if (flags & DROPPED) result.droppedButStored++;
  } else if (letters === 0 && !(flags & DROPPED)) {
    countMissing(result, store, records.found.topic[seq]!, flags, name, samples);
  }
}

/** Says for each record that is not there which step lost it. */
function countMissing(
  result: StoreResult,
  store: StoreName,
  inTopic: number,
  flags: number,
  name: string,
  samples: Samples,
): void {
  if (inTopic > 0) result.skipped++;
  if (flags & ACKED) {
    result.lost++;
    if (inTopic === 0) result.lostBeforeTheLog++;
    const where = inTopic === 0 ? "it is not even in the topic" : `the topic has it, ${store} has not`;
    samples.add(`lost in ${store}`, `${name} was acknowledged; ${where}`);
  } else if (inTopic > 0) {
    samples.add(`skipped by ${store}`, `the topic has ${name}, ${store} has not`);
  }
}

/** A rival of what the store holds is a dead letter, once. What was rejected or dropped cannot be compared with. */
function countRivals(result: StoreResult, store: StoreName, sent: SentRecords, samples: Samples): void {
  if (store === "elasticsearch") return; // It knows identities, not contents.
  for (const { producer, seq, acked, letters } of sent.rivals.all()) {
    const count = letters[store] ?? 0;
    const isStored = (sent.find(producer, seq)?.found[store][seq] ?? 0) > 0;
    if (count > 0) result.conflicts++;
    if (count > 1 || (count > 0 && !isStored)) {
      result.conflictsDoubled++;
      samples.add(`conflicts in ${store}`, `${store} has ${count} letters of a rival of ${producer}-${seq}`);
    } else if (count === 0 && acked && isStored) {
      result.conflictsLost++;
      samples.add(`conflicts in ${store}`, `${producer}-${seq} had a rival, which was acknowledged and is no letter`);
    }
  }
}

/** Records that one store holds and another does not, where both were checked. */
function differingIds({ sent, stores }: Findings, samples: Samples): number {
  if (stores.length < 2) return 0;
  let differing = 0;
  sent.forEach(({ found, producer }, seq) => {
    if (found.elasticsearch[seq]! > 0 === found.mysql[seq]! > 0) return;
    differing++;
    samples.add("in one store", `${producer}-${seq} is only in ${found.mysql[seq]! > 0 ? "mysql" : "elasticsearch"}`);
  });
  return differing;
}

function problemsOf(result: CheckResult, findings: Findings, misjudged: number, differing: number): string[] {
  const { topic, letters, mayDeadLetter } = findings;
  const counted: CountedProblem[] = [
    [result.acked === 0 ? 1 : 0, "run without any acknowledgement: nothing was tested"],
    [topic.phantom, "records in the topic that were never sent"],
    [topic.corrupt, "records in the topic that differ from what was sent"],
    [topic.scattered, "times that a producer changed its partition"],
    [misjudged, "records rejected or accepted against the contract"],
    [letters.phantom, "dead letters of what was never sent"],
    [letters.corrupt, "dead letters whose original differs from what was sent"],
    [findings.differingLetters, "differences between the topic and the table of dead letters"],
    [differing, "records that only one of the stores holds"],
    [result.rollups?.differing ?? 0, "statistics that differ from a recount"],
  ];
  for (const [store, counts] of Object.entries(result.stores)) {
    counted.push(
      [counts.lost, `acknowledged records lost in ${store}`],
      [counts.skipped, `records of the topic that ${store} does not hold`],
      [counts.duplicated, `duplicates in ${store}`],
      [counts.phantom, `records in ${store} that were never sent`],
      [counts.corrupt, `records in ${store} that differ from what was sent`],
      [counts.rejectedButStored, `rejected records stored in ${store}`],
      [counts.droppedButStored, `dropped records stored in ${store}`],
      [mayDeadLetter ? 0 : counts.deadLettered, `valid records that ${store} made dead letters`],
      [counts.unreadableWithoutLetter, `unreadable messages without a dead letter of ${store}`],
      [counts.lag, `messages that ${store}'s group has not passed`],
      [counts.conflictsLost, `conflicting records without a dead letter of ${store}`],
      [counts.conflictsDoubled, `dead letters of ${store} too many for records that conflict`],
    );
  }
  counted.push(...findings.further);
  return counted.filter(([count]) => count > 0).map(([count, sentence]) => `${count} ${sentence}`);
}
