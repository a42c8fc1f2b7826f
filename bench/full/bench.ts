import { mkdirSync } from "node:fs";
import { createFloorStores } from "../floors/floor-stores.ts";
import { dataHash } from "../load/bodies.ts";
import { choice, readOptions, type Told } from "../measure/options.ts";
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
const INGEST_MEMORY_MIB_MAX = Math.floor(300e6 / 2 ** 20); // The design counts megabytes: 286 MiB, and 381.
const WORKER_MEMORY_MIB_MAX = Math.floor(400e6 / 2 ** 20);

const OPTIONS = {
  records: { option: "records", usual: 300_000, min: 1_000, max: 3_000_000 },
  recordsPerBatch: { option: "batch", usual: 100, min: 1, max: 10_000 },
  rounds: { option: "rounds", usual: 4, min: 1, max: 50 },
  /** 0: none. */
  backlog: { option: "backlog", usual: 1_000_000, min: 0, max: 10_000_000 },
  /** Of half load; 0: none. */
  seconds: { option: "seconds", usual: 60, min: 0, max: 600 },
  /** Of half load, before it is measured. */
  warmUpSeconds: { option: "warm-up", usual: 90, min: 0, max: 600 },
  /** Whether rounds go through Envoy or to the ingest processes. */
  way: choice("way", "envoy", ["envoy", "direct"]),
};
type Options = Told<typeof OPTIONS>;

/**
 * Records stored once in both stores by the full mode, beside a bare loader into the same servers; then a backlog that
 * the workers make up for, and waits and freshness at half of what was stored. Every round is checked by identity.
 */
export async function benchFull(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("full", args, OPTIONS, ["profile"]);
  if (files.profile !== undefined) mkdirSync(files.profile, { recursive: true });
  const full = await startFull(files.profile);
  try {
    await measure(full, options, command, files.report);
  } finally {
    await full.stop();
  }
}

async function measure(
  full: FullUnderTest,
  options: Options,
  command: string,
  file: string | undefined,
): Promise<void> {
  const { records, recordsPerBatch, rounds } = options;
  const floor = await createFloorStores(full.elasticsearchUrl, full.serverMysqlUrl);
  const ours = new StoredRecords(full.elasticsearchUrl, full.indexPrefix, full.mysqlUrl);
  const floors = new StoredRecords(full.elasticsearchUrl, floor.indexPrefix, floor.mysqlUrl);
  const addresses = options.way === "direct" ? full.ingest : [full.door];
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
    ...reportHead(command, { storedToBareLoader: storedRatio(floorRounds, ourRounds) }),
    dataSha256: dataHash(recordsPerBatch),
    recordsPerRound: records,
    ...result,
    halfLoad,
    backlog,
    memoryPeakMiB,
    memoryMiBMax: { ingest: INGEST_MEMORY_MIB_MAX, worker: WORKER_MEMORY_MIB_MAX },
  };
  publish(report, tablesOf(report), file);
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
  { seconds, warmUpSeconds, recordsPerBatch }: Options,
  recordsPerSecond: number,
  full: FullUnderTest,
  stored: StoredRecords,
): Promise<HalfLoad | undefined> {
  const load = { recordsPerSecond, recordsPerBatch, seconds };
  return seconds > 0 ? halfLoadOf(load, warmUpSeconds, full, stored) : undefined;
}
