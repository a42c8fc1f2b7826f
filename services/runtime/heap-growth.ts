import { setFlagsFromString } from "node:v8";

/**
 * From now on V8 collects this process's garbage once the heap has grown by so many percent of what was in use after the
 * last collection, instead of by up to three times of it. For processes whose records live just long enough to be moved
 * among the long-lived objects: most of what they hold would be garbage.
 *
 * The flag is read after each collection, so that it can be set in a running process. What it gives and costs
 * stands in docs/benchmarks/JOURNAL.md; an ingest process loses a fifth of its speed by it.
 *
 * @param percent At least 1.
 */
export function boundHeapGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
