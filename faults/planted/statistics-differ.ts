/** The checker's word where the statistics are wrong: in how many rows depends on the minutes in which records arrive. */
export const STATISTICS_DIFFER = /^\d+ statistics that differ from a recount$/;

const SAMPLE = /of the statistics says (\d+) requests.*; the records say (\d+) requests/;

/** The directions in which the samples' rows differ from the recount: "too high", "too low". */
export function directionsOf(samples: readonly string[]): string[] {
  const differing = samples.flatMap((sample) => {
    const [, is, should] = SAMPLE.exec(sample) ?? [];
    return is === undefined ? [] : [Number(is) > Number(should) ? "too high" : "too low"];
  });
  return [...new Set(differing)];
}
