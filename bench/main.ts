/**
 * Measures LogPulse beside floors, both in one run:
 *
 *     npm run bench -- ingest     Upload into Kafka beside a server that only takes bytes, and a bare producer
 *     npm run bench -- unary      Write, call by call, beside an echo server
 *     npm run bench -- rest       POST /logs and /upload beside a bare HTTP server
 *     npm run bench -- full       stored once in both stores beside a bare bulk loader into the same
 *     npm run bench -- embedded   stored and searchable in SQLite beside a bare loader of SQLite and FTS5
 *     npm run bench -- query      twelve questions; statistics beside Elasticsearch's aggregations
 *     npm run bench -- ladder     latencies at 10 to 150 % of the maximum, and where the knee is
 *     npm run bench -- overload   what is left at 150 to 300 %, beside one greedy client, and without Kafka
 *     npm run bench -- ghz        ghz, which is not ours: Write and Upload, direct, through Envoy, full and embedded
 *     npm run bench -- check [REPORT ...] the committed reports' commands again: which ratio has fallen by over 10 %
 *
 *     npm run bench               the first six, one after the other: more than an hour
 *
 * Each takes `--report FILE`; `--help` behind its name tells the other options. Figures are ratios, or of one machine: they are never
 * asserted in tests. Linux: CPU and memory are read from /proc.
 */
import { benchCheck } from "./check/bench.ts";
import { BenchUsage } from "./measure/options.ts";

const BENCHMARKS: Record<string, (args: string[]) => Promise<void>> = {
  ingest: async (args) => (await import("./ingest/bench.ts")).benchIngest(args),
  unary: async (args) => (await import("./unary/bench.ts")).benchUnary(args),
  rest: async (args) => (await import("./rest/bench.ts")).benchRest(args),
  full: async (args) => (await import("./full/bench.ts")).benchFull(args),
  embedded: async (args) => (await import("./embedded/bench.ts")).benchEmbedded(args),
  query: async (args) => (await import("./query/bench.ts")).benchQuery(args),
  ladder: async (args) => (await import("./ladder/bench.ts")).benchLadder(args),
  ghz: async (args) => (await import("./ghz/bench.ts")).benchGhz(args),
  overload: async (args) => (await import("./overload/bench.ts")).benchOverload(args),
};

/** Those that have floors of the same run, as usual. One that fails does not keep the others. */
async function benchAll(): Promise<void> {
  for (const name of ["ingest", "unary", "rest", "full", "embedded", "query"]) {
    console.log(`\n# ${name}\n`);
    try {
      await BENCHMARKS[name]!([]);
    } catch (err) {
      console.error(`${name} failed:`, err);
      process.exitCode = 1;
    }
  }
}

/** A wrong call is told how to make it, without a stack. */
async function run(benchmark: (args: string[]) => Promise<void>, args: string[]): Promise<void> {
  try {
    await benchmark(args);
  } catch (err) {
    if (!(err instanceof BenchUsage)) throw err;
    (err.isAsked ? console.log : console.error)(err.message);
    process.exitCode = err.isAsked ? 0 : 2;
  }
}

const [name, ...rest] = process.argv.slice(2);
const others: Record<string, (args: string[]) => Promise<void>> = {
  all: benchAll,
  check: (args) => benchCheck(args, BENCHMARKS),
};
const benchmark = { ...BENCHMARKS, ...others }[name ?? "all"];
if (benchmark === undefined) {
  console.error(`say which: ${Object.keys(BENCHMARKS).join(", ")}, check; none means the first six`);
  process.exit(name === "--help" ? 0 : 2);
}
await run(benchmark, rest);
