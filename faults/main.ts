/**
 * Lets faults happen to LogPulse and checks what is left:
 *
 *     npm run faults -- list
 *     npm run faults -- NAME [--records N] [--seed S] [--times T] [--report DIRECTORY]
 *     npm run faults -- EMBEDDED-NAME [--rounds N] [--seed S] [--report DIRECTORY]
 *     npm run faults -- all  [all of these]
 *
 * Prints the seed first: with it, records, batches and moments are the same again, as far as the machine lets them. Ends with
 * 1 where anything was lost, doubled, invented or changed, or a run did not come to its end.
 */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { haveServers } from "../stack/have-servers.ts";
import type { EmbeddedFault } from "./embedded/embedded-fault.ts";
import { EMBEDDED_FAULTS } from "./embedded/registry.ts";
import { type SeriesEntry, seriesOf, withRunsAgain, writeReport } from "./report.ts";
import { FAULTS, faultOf } from "./runs/registry.ts";
import type { Fault } from "./scene/fault.ts";
import { runFault } from "./scene/run-fault.ts";
import { SharedServers } from "./scene/shared-servers.ts";

const RECORDS_MAX = 2_000_000;
const TIMES_MAX = 1_000;
const ROUNDS_MAX = 100_000;
const SEED_MAX = 2 ** 32 - 1;

interface Command {
  faults: readonly (Fault | EmbeddedFault)[];
  records: number;
  seed: number;
  times: number;
  /** Of faults of the embedded mode; absent: as many as is usual for each. */
  rounds: number | undefined;
  report: string | undefined;
  /** How it is done again. */
  text: string;
}

/** @throws Error that says what is wanted. */
function readCommand(args: readonly string[]): Command | "list" {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      records: { type: "string", default: "20000" },
      seed: { type: "string", default: String(randomBytes(4).readUInt32LE()) },
      times: { type: "string", default: "3" },
      rounds: { type: "string" },
      report: { type: "string" },
    },
  });
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) throw new Error("wanted: list, all, or the name of one fault");
  if (name === "list") return "list";
  const number = (option: "records" | "seed" | "times" | "rounds", min: number, max: number) => {
    const value = Number(values[option]);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new Error(`--${option} is "${values[option]}"; it must be a whole number from ${min} to ${max}`);
  };
  const records = number("records", 100, RECORDS_MAX);
  const seed = number("seed", 0, SEED_MAX);
  const times = number("times", 1, TIMES_MAX);
  const rounds = values.rounds === undefined ? undefined : number("rounds", 1, ROUNDS_MAX);
  const embedded = EMBEDDED_FAULTS.find((fault) => fault.name === name);
  const faults = name === "all" ? [...FAULTS, ...EMBEDDED_FAULTS] : [embedded ?? faultOf(name)];
  const full = embedded ? "" : ` --records ${records} --times ${times}`;
  const text = `npm run faults -- ${name}${full}${rounds ? ` --rounds ${rounds}` : ""} --seed ${seed}`;
  return { faults, records, seed, times, rounds, report: values.report, text };
}

/** One after the other: two at a time would be each other's fault. */
async function runAll(command: Command): Promise<SeriesEntry[]> {
  const { faults, report, text } = command;
  const date = new Date().toISOString();
  const shared = new SharedServers();
  const runs: SeriesEntry[] = [];
  try {
    for (const fault of faults) {
      runs.push(await run(fault, shared, command));
      if (report !== undefined && faults.length > 1) writeReport(report, seriesOf(text, date, runs)); // A series is long.
    }
  } finally {
    await shared.remove();
  }
  if (report !== undefined && faults.length === 1)
    writeReport(report, withRunsAgain(report, seriesOf(text, date, runs)));
  const { total, lossBound } = seriesOf(text, date, runs);
  console.log(`${JSON.stringify({ ...total, lossBound })}\nagain: ${text}`);
  return runs;
}

async function run(
  fault: Fault | EmbeddedFault,
  shared: SharedServers,
  { records, seed, times, rounds }: Command,
): Promise<SeriesEntry> {
  const tell = teller();
  try {
    if ("run" in fault) return await fault.run({ seed, rounds: rounds ?? fault.roundsUsual, tell });
    return await runFault(fault, await shared.of(fault), { records, seed, times, tell });
  } catch (reason) {
    const error = reason instanceof Error ? reason.message : String(reason);
    console.error(`${fault.name} did not come to its end: ${reason instanceof Error ? reason.stack : error}`);
    return { fault: fault.name, summary: fault.summary, seed, error };
  }
}

function teller(): (sentence: string) => void {
  const beganMs = performance.now();
  return (sentence) => console.log(`${((performance.now() - beganMs) / 1_000).toFixed(1).padStart(6)} s  ${sentence}`);
}

async function main(): Promise<void> {
  let command: Command | "list";
  try {
    command = readCommand(process.argv.slice(2));
  } catch (reason) {
    console.error((reason as Error).message);
    process.exitCode = 2;
    return;
  }
  if (command === "list") {
    for (const { name, summary } of [...FAULTS, ...EMBEDDED_FAULTS]) console.log(`${name.padEnd(26)}${summary}`);
    return;
  }
  console.log(`seed ${command.seed}`);
  const needsServers = command.faults.some((fault) => !("run" in fault));
  if (needsServers && !haveServers("kafka", "elasticsearch", "mariadb", "redis", "envoy")) {
    process.exitCode = 2;
    return;
  }
  process.once("SIGINT", () => process.exit(130)); // The exit ends every process that was started.
  process.once("SIGTERM", () => process.exit(143));
  const runs = await runAll(command);
  process.exit(runs.every((one) => "check" in one && one.ok) ? 0 : 1); // Whatever a library may still wait for.
}

await main();
