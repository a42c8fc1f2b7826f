/**
 * Measures LogPulse beside a floor, both in one run:
 *
 *     npm run bench -- embedded [--records 300000] [--batch 100] [--seconds 30] [--report FILE]
 *     npm run bench -- query [--records 1000000] [--mode both] [--load 2000] [--report FILE]
 *
 * Figures are ratios or of one machine: they are never asserted in tests.
 */
import { benchEmbedded } from "./embedded/bench.ts";
import { benchQuery } from "./query/bench.ts";

const [name, ...rest] = process.argv.slice(2);
const BENCHMARKS: Record<string, (args: string[]) => Promise<void>> = { embedded: benchEmbedded, query: benchQuery };
const benchmark = BENCHMARKS[name ?? ""];
if (benchmark === undefined) {
  console.error(`say which: ${Object.keys(BENCHMARKS).join(", ")}`);
  process.exit(2);
}
await benchmark(rest);
