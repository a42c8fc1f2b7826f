import type { CheckResult, StoreResult } from "../checker/check-result.ts";

const SAMPLES_MAX = 50;

/** What several checks of different folders have found together. */
export function sumOfChecks(checks: readonly CheckResult[]): CheckResult {
  const sum = (of: (check: CheckResult) => number) => checks.reduce((all, check) => all + of(check), 0);
  const stores = checks.flatMap((check) => check.stores.sqlite ?? []);
  return {
    ok: checks.every(({ ok }) => ok),
    problems: checks.flatMap(({ problems }) => problems),
    samples: checks.flatMap(({ samples }) => samples).slice(0, SAMPLES_MAX),
    ...{ sent: sum(({ sent }) => sent), acked: sum(({ acked }) => acked), rejected: sum(({ rejected }) => rejected) },
    ...{ maybe: sum(({ maybe }) => maybe), maybeInTheLog: sum(({ maybeInTheLog }) => maybeInTheLog) },
    sends: sumOf(checks.map(({ sends }) => sends)),
    calls: sumOf(checks.map(({ calls }) => calls)),
    topic: sumOf(checks.map(({ topic }) => topic)),
    deadLetters: sumOf(checks.map(({ deadLetters }) => deadLetters)),
    stores: { sqlite: sumOf(stores) as StoreResult },
    rollups: {
      rows: sum(({ rollups }) => rollups?.rows ?? 0),
      differing: sum(({ rollups }) => rollups?.differing ?? 0),
    },
  };
}

/** Each number of the same name, added up. */
function sumOf<Counts extends object>(all: readonly Counts[]): Counts {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums as Counts;
}
