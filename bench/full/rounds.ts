import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BareStoreLoad, BareStoreLoadResult } from "../floors/bare-store-loader.ts";
import type { FloorStores } from "../floors/floor-stores.ts";
import { runScript } from "../measure/child.ts";
import type { FullUnderTest } from "./full-under-test.ts";
import { keptOnce } from "./kept-once.ts";
import { sendByStreams } from "./send-streams.ts";
import type { StoredRecords } from "./stored-records.ts";

const FLOOR = join(import.meta.dirname, "..", "floors", "bare-store-loader.ts");
const FLOOR_PRODUCERS = 6;
const QUIET_SHARE_MAX = 0.15; // Of a core, both stores together.
const QUIET_LOOK_MS = 500;
const QUIET_MS_MAX = 60_000;

/** What one side did with as many records as were asked for; seconds from the first of them. */
export interface StoreRound {
  /** Stored once in both stores. */
  recordsPerSecond: number;
  /** Until the last one was acknowledged; 0 where nobody acknowledges. */
  acknowledgedSeconds: number;
  elasticsearchSeconds: number;
  mysqlSeconds: number;
  /** Microseconds of CPU for each record, by process; `load` is the sender, or the loader. */
  cpuMicroseconds: Record<string, number>;
}

/** Sends records and waits until both stores have all. @throws Error where one is lost or stands there twice. */
export async function roundOfOurs(
  full: FullUnderTest,
  stored: StoredRecords,
  addresses: readonly string[],
  records: number,
  recordsPerBatch: number,
): Promise<StoreRound> {
  await untilQuiet(full);
  const [before, writtenBefore] = [full.cpuSeconds(), await stored.documentsWritten()];
  const sent = await sendByStreams(addresses, records, recordsPerBatch);
  const [elasticsearchMs, mysqlMs] = await Promise.all([
    stored.untilWritten(writtenBefore + sent.records),
    stored.untilSettled(sent),
  ]);
  const cpuMicroseconds = spentPerRecord(before, full.cpuSeconds(), sent.records);
  await keptOnce(stored, sent);
  return {
    recordsPerSecond: Math.round((1_000 * sent.records) / (Math.max(elasticsearchMs, mysqlMs) - sent.startMs)),
    acknowledgedSeconds: seconds(sent.seconds),
    elasticsearchSeconds: seconds((elasticsearchMs - sent.startMs) / 1_000),
    mysqlSeconds: seconds((mysqlMs - sent.startMs) / 1_000),
    cpuMicroseconds,
  };
}

/** The bare loader's turn, with stores of its own on the same servers. @throws Error as `roundOfOurs`. */
export async function roundOfFloor(
  full: FullUnderTest,
  floor: FloorStores,
  stored: StoredRecords,
  records: number,
  recordsPerBatch: number,
): Promise<StoreRound> {
  await untilQuiet(full);
  const before = full.cpuSeconds();
  const recordsPerProducer = Math.ceil(records / recordsPerBatch / FLOOR_PRODUCERS) * recordsPerBatch;
  const load: BareStoreLoad = {
    elasticsearchUrl: full.elasticsearchUrl,
    index: floor.index,
    mysqlUrl: floor.mysqlUrl,
    producers: FLOOR_PRODUCERS,
    recordsPerProducer,
    recordsPerBatch,
  };
  const result = await runScript<BareStoreLoadResult>(FLOOR, load);
  const loaded = FLOOR_PRODUCERS * recordsPerProducer;
  const spent = spentPerRecord(before, full.cpuSeconds(), loaded);
  await keptOnce(stored, { producers: result.producers, recordsPerProducer });
  return {
    recordsPerSecond: Math.round(loaded / result.wallSeconds),
    acknowledgedSeconds: 0,
    elasticsearchSeconds: seconds(result.elasticsearchSeconds),
    mysqlSeconds: seconds(result.mysqlSeconds),
    // Without what the loader did before it began.
    cpuMicroseconds: { ...spent, load: microseconds(result.cpuSeconds, loaded) },
  };
}

/** Merges and flushes of the round before are no part of the next one. */
async function untilQuiet(full: FullUnderTest): Promise<void> {
  const ofStores = () => {
    const { elasticsearch, mariadb } = full.cpuSeconds();
    return elasticsearch! + mariadb!;
  };
  const endMs = performance.now() + QUIET_MS_MAX;
  for (let before = ofStores(); performance.now() < endMs; ) {
    await sleep(QUIET_LOOK_MS);
    const now = ofStores();
    if (now - before <= (QUIET_SHARE_MAX * QUIET_LOOK_MS) / 1_000) return;
    before = now;
  }
  console.error(`the stores were still busy after ${QUIET_MS_MAX} ms`);
}

function spentPerRecord(before: Record<string, number>, after: Record<string, number>, records: number) {
  return Object.fromEntries(
    Object.entries(after).map(([name, spent]) => [name, microseconds(spent - before[name]!, records)]),
  );
}

function microseconds(cpuSeconds: number, records: number): number {
  return Number(((1e6 * cpuSeconds) / records).toFixed(2));
}

function seconds(value: number): number {
  return Number(value.toFixed(2));
}
