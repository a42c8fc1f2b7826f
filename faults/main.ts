/**
 * Lets faults happen to LogPulse and checks what is left:
 *
 *     npm run faults -- list
 *     npm run faults -- NAME [--records N] [--seed S] [--times T] [--report DIRECTORY]
 *     npm run faults -- all  [the same]
 *
 * Prints the seed first: with it, records, batches and moments are the same again, as far as the machine lets them. Ends with
 * 1 where anything was lost, doubled, invented or changed, or a run did not come to its end.
 */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { haveServers } from "../stack/have-servers.ts";
import { type SeriesEntry, seriesOf, withRunsAgain, writeReport } from "./report.ts";
import { FAULTS, faultOf } from "./runs/registry.ts";
import type { Fault } from "./scene/fault.ts";
import { runFault } from "./scene/run-fault.ts";
import { SharedServers } from "./scene/shared-servers.ts";

const RECORDS_MAX = 2_000_000;
const TIMES_MAX = 1_000;
const SEED_MAX = 2 ** 32 - 1;

interface Command {
  faults: readonly Fault[];
  records: number;
  seed: number;
  times: number;
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
      report: { type: "string" },
    },
  });
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) throw new Error("wanted: list, all, or the name of one fault");
  if (name === "list") return "list";
  const number = (option: "records" | "seed" | "times", min: number, max: number) => {
    const value = Number(values[option]);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new Error(`--${option} is "${values[option]}"; it must be a whole number from ${min} to ${max}`);
  };
  const records = number("records", 100, RECORDS_MAX);
  const seed = number("seed", 0, SEED_MAX);
  const times = number("times", 1, TIMES_MAX);
  const faults = name === "all" ? FAULTS : [faultOf(name)];
  const text = `npm run faults -- ${name} --records ${records} --times ${times} --seed ${seed}`;
  return { faults, records, seed, times, report: values.report, text };
}

/** One after the other: two at a time would be each other's fault. */
async function runAll(command: Command): Promise<SeriesEntry[]> {
  const { faults, records, seed, times, report, text } = command;
  const date = new Date().toISOString();
  const shared = new SharedServers();
  const runs: SeriesEntry[] = [];
  try {
    for (const fault of faults) {
      runs.push(await run(fault, shared, { records, seed, times, tell: teller() }));
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
  fault: Fault,
  shared: SharedServers,
  settings: Parameters<typeof runFault>[2],
): Promise<SeriesEntry> {
  try {
    return await runFault(fault, await shared.of(fault), settings);
  } catch (reason) {
    const error = reason instanceof Error ? reason.message : String(reason);
    console.error(`${fault.name} did not come to its end: ${reason instanceof Error ? reason.stack : error}`);
    return { fault: fault.name, summary: fault.summary, seed: settings.seed, error };
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
    for (const { name, summary } of FAULTS) console.log(`${name.padEnd(26)}${summary}`);
    return;
  }
  console.log(`seed ${command.seed}`);
  if (!haveServers("kafka", "elasticsearch", "mariadb", "redis", "envoy")) {
    process.exitCode = 2;
    return;
  }
  process.once("SIGINT", () => process.exit(130)); // The exit ends every process that was started.
  process.once("SIGTERM", () => process.exit(143));
  const runs = await runAll(command);
  process.exit(runs.every((one) => "check" in one && one.ok) ? 0 : 1); // Whatever a library may still wait for.
}

await main();
