import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { createFloorStores } from "../floors/floor-stores.ts";
import { dataHash } from "../load/bodies.ts";
import { publish, type Ratio, reportHead } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { ratios } from "../measure/spread.ts";
import { backlogOf } from "./backlog.ts";
import { type FullUnderTest, startFull } from "./full-under-test.ts";
import { type HalfLoad, halfLoadOf } from "./half-load.ts";
import { roundOfFloor, roundOfOurs, type StoreRound } from "./rounds.ts";
import { StoredRecords } from "./stored-records.ts";
import { sidesOf, tablesOf } from "./tables.ts";

const WARM_UP_ROUNDS = 2;
const INGEST_MEMORY_MIB_MAX = 300;
const WORKER_MEMORY_MIB_MAX = 400;

/** What is to be done, checked. */
interface FullBenchOptions {
  records: number;
  recordsPerBatch: number;
  rounds: number;
  /** 0: none. */
  backlog: number;
  /** Of half load; 0: none. */
  seconds: number;
  /** Of half load, before it is measured. */
  warmUpSeconds: number;
  /** Rounds go to the ingest processes, past Envoy. */
  direct: boolean;
  profile: string | undefined;
  report: string | undefined;
}

/**
 * Records stored once in both stores by the full mode, beside a bare loader into the same servers; then a backlog that
 * the workers make up for, and waits and freshness at half of what was stored. Every round is checked by identity.
 */
export async function benchFull(args: string[]): Promise<void> {
  const options = optionsOf(args);
  const full = await startFull(options.profile);
  try {
    await measure(full, options);
  } finally {
    await full.stop();
  }
}

async function measure(full: FullUnderTest, options: FullBenchOptions): Promise<void> {
  const { records, recordsPerBatch, rounds } = options;
  const floor = await createFloorStores(full.elasticsearchUrl, full.serverMysqlUrl);
  const ours = new StoredRecords(full.elasticsearchUrl, full.indexPrefix, full.mysqlUrl);
  const floors = new StoredRecords(full.elasticsearchUrl, floor.indexPrefix, floor.mysqlUrl);
  const addresses = options.direct ? full.ingest : [full.door];
  const sides: Side<StoreRound>[] = [
    { name: "bare loader", round: () => roundOfFloor(full, floor, floors, records, recordsPerBatch) },
    { name: "full mode", round: () => roundOfOurs(full, ours, addresses, records, recordsPerBatch) },
  ];
  await interleaved(sides, WARM_UP_ROUNDS, (side) => console.error(`${side}: warm-up`)); // Code and caches are warm then.
  const found = await interleaved(sides, rounds, (side, round) => console.error(`${side}: ${JSON.stringify(round)}`));
  const [floorRounds, ourRounds] = [found.get("bare loader")!, found.get("full mode")!];
  const memoryOfRounds = full.memoryPeaksMiB();
  const result = sidesOf(floorRounds, ourRounds);
  const rate = Math.round(result.fullMode.recordsPerSecond.median / 2);
  const halfLoad = await halfLoadOrNone(options, rate, full, ours);
  const backlog = options.backlog > 0 ? await backlogOf(options.backlog, recordsPerBatch, full, ours) : undefined;
  await Promise.all([ours.close(), floors.close()]);
  await floor.remove();
  const memoryPeakMiB = { rounds: memoryOfRounds, end: full.memoryPeaksMiB() };
  const report = {
    ...reportHead(commandOf(options), { storedToBareLoader: storedRatio(floorRounds, ourRounds) }),
    dataSha256: dataHash(recordsPerBatch),
    recordsPerRound: records,
    ...result,
    halfLoad,
    backlog,
    memoryPeakMiB,
    memoryMiBMax: { ingest: INGEST_MEMORY_MIB_MAX, worker: WORKER_MEMORY_MIB_MAX },
  };
  publish(report, tablesOf(report), options.report);
}

function storedRatio(floorRounds: StoreRound[], ourRounds: StoreRound[]): Ratio {
  const perSecond = (rounds: StoreRound[]) => rounds.map(({ recordsPerSecond }) => recordsPerSecond);
  return {
    what: "full mode / bare bulk loader, records stored once in both stores per second",
    target: 0.6,
    ...ratios(perSecond(ourRounds), perSecond(floorRounds)),
  };
}

async function halfLoadOrNone(
  { seconds, warmUpSeconds, recordsPerBatch }: FullBenchOptions,
  recordsPerSecond: number,
  full: FullUnderTest,
  stored: StoredRecords,
): Promise<HalfLoad | undefined> {
  const load = { recordsPerSecond, recordsPerBatch, seconds };
  return seconds > 0 ? halfLoadOf(load, warmUpSeconds, full, stored) : undefined;
}

/** @throws Error that names the option that is out of its bounds. */
function optionsOf(args: string[]): FullBenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      records: { type: "string", default: "300000" },
      batch: { type: "string", default: "100" },
      rounds: { type: "string", default: "4" },
      backlog: { type: "string", default: "1000000" },
      seconds: { type: "string", default: "60" },
      "warm-up": { type: "string", default: "90" },
      direct: { type: "boolean", default: false },
      profile: { type: "string" },
      report: { type: "string" },
    },
  });
  const bounded = (name: Exclude<keyof typeof values, "direct" | "profile" | "report">, min: number, max: number) => {
    const value = Number(values[name]);
    if (!(Number.isInteger(value) && value >= min && value <= max)) {
      throw new Error(`--${name} must be a whole number from ${min} to ${max}`);
    }
    return value;
  };
  if (values.profile !== undefined) mkdirSync(values.profile, { recursive: true });
  return {
    records: bounded("records", 1_000, 3_000_000),
    recordsPerBatch: bounded("batch", 1, 10_000),
    rounds: bounded("rounds", 1, 50),
    backlog: bounded("backlog", 0, 10_000_000),
    seconds: bounded("seconds", 0, 600),
    warmUpSeconds: bounded("warm-up", 0, 600),
    direct: values.direct,
    profile: values.profile,
    report: values.report,
  };
}

function commandOf(options: FullBenchOptions): string {
  const { records, recordsPerBatch, rounds, backlog, seconds, warmUpSeconds, direct } = options;
  const numbers = `--records ${records} --batch ${recordsPerBatch} --rounds ${rounds} --backlog ${backlog}`;
  return `npm run bench -- full ${numbers} --seconds ${seconds} --warm-up ${warmUpSeconds}${direct ? " --direct" : ""}`;
}
