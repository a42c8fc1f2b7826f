import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { uploadBatches } from "../../clients/upload-batches.ts";
import { freePort } from "../../stack/free-port.ts";
import { corpus, corpusBatches } from "./corpus.ts";
import { freshnessMs } from "./freshness.ts";
import { openLoop } from "./open-loop.ts";
import { ServerUnderTest } from "./server-under-test.ts";

const WARM_UP_RECORDS = 20_000;

/** The embedded mode beside a bare SQLite and FTS5 loader, in one run; prints a table, and writes it where told. */
export async function benchEmbedded(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      records: { type: "string", default: "300000" },
      batch: { type: "string", default: "100" },
      seconds: { type: "string", default: "30" },
      report: { type: "string" },
    },
  });
  const [records, recordsPerBatch, seconds] = [Number(values.records), Number(values.batch), Number(values.seconds)];
  if (!(records >= 1_000 && records <= 3_000_000)) throw new Error("--records must be from 1000 to 3000000");
  if (!(recordsPerBatch >= 1 && recordsPerBatch <= 10_000)) throw new Error("--batch must be from 1 to 10000");
  if (!(seconds >= 1 && seconds <= 300)) throw new Error("--seconds must be from 1 to 300");

  const folder = mkdtempSync(join(tmpdir(), "logpulse-bench-"));
  try {
    const floor = await bareLoader(folder, records);
    const loaded = await loadServer(join(folder, "loaded"), records, recordsPerBatch);
    const again = await bareLoader(folder, records); // Before and after: a machine that slows down is found out.
    const floorPerCpuSecond = (2 * records) / (floor.cpuSeconds + again.cpuSeconds);
    const halfLoad = Math.round(loaded.storedPerSecond / 2);
    const open = await openLoad(join(folder, "open"), { recordsPerSecond: halfLoad, recordsPerBatch, seconds });
    const report = {
      command: `npm run bench -- embedded --records ${records} --batch ${recordsPerBatch} --seconds ${seconds}`,
      machine: { cpus: cpus().length, model: cpus()[0]?.model, node: process.version },
      floor: {
        what: "bare SQLite and FTS5 loader, before and after",
        recordsPerCpuSecond: Math.round(floorPerCpuSecond),
        ofEach: [floor, again].map(({ cpuSeconds }) => Math.round(records / cpuSeconds)),
        bytesPerRecord: Math.round(floor.bytes / records),
      },
      embedded: loaded,
      ratioStoredToFloor: Number((loaded.storedPerCpuSecond / floorPerCpuSecond).toFixed(3)),
      openLoopAtHalfLoad: open,
    };
    console.log(JSON.stringify(report, null, 2));
    if (values.report) writeFileSync(values.report, `${JSON.stringify(report, null, 2)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Floor {
  cpuSeconds: number;
  bytes: number;
}

async function bareLoader(folder: string, records: number): Promise<Floor> {
  const own = mkdtempSync(join(folder, "bare-"));
  const script = join(import.meta.dirname, "bare-loader.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, own, String(records)]);
  rmSync(own, { recursive: true });
  return JSON.parse(stdout) as Floor;
}

/** All records as fast as they are taken, by one Upload stream. */
async function loadServer(folder: string, records: number, recordsPerBatch: number) {
  const server = await ServerUnderTest.start(folder, await freePort());
  try {
    await upload(server, WARM_UP_RECORDS, recordsPerBatch);
    await untilStored(server, WARM_UP_RECORDS);
    const batches = [...corpusBatches(corpus(records, Date.now()), recordsPerBatch)];
    const [cpuBefore, startMs] = [server.cpuSeconds(), performance.now()];
    const { accepted } = await uploadBatches(server.address, batches);
    if (accepted !== BigInt(records)) throw new Error(`${accepted} of ${records} records were accepted`);
    const [cpuAcked, ackedMs] = [server.cpuSeconds(), performance.now()];
    await untilStored(server, WARM_UP_RECORDS + records);
    const [cpuStored, storedMs] = [server.cpuSeconds(), performance.now()];
    const [storing, all] = [cpuAcked.storing - cpuBefore.storing, cpuAcked.all - cpuBefore.all];
    const bytes = server.bytes();
    return {
      ackedPerSecond: Math.round((1_000 * records) / (ackedMs - startMs)),
      ackedPerCpuSecond: Math.round(records / (all - storing)), // Without the threads that store meanwhile.
      storedPerSecond: Math.round((1_000 * records) / (storedMs - startMs)),
      storedPerCpuSecond: Math.round(records / (cpuStored.all - cpuBefore.all)),
      storeBytesPerRecord: Math.round(bytes.store / (WARM_UP_RECORDS + records)),
      logBytesPerRecord: Math.round(bytes.log / (WARM_UP_RECORDS + records)),
      memoryPeakMiB: Math.round(server.memoryPeakMiB()),
    };
  } finally {
    await server.stop();
  }
}

async function upload(server: ServerUnderTest, records: number, recordsPerBatch: number): Promise<void> {
  await uploadBatches(server.address, corpusBatches(corpus(records, Date.now()), recordsPerBatch));
}

async function untilStored(server: ServerUnderTest, records: number): Promise<void> {
  while (server.storedCount() < records) await sleep(10);
}

/** Calls at fixed moments, and probes that are searched for meanwhile. */
async function openLoad(folder: string, load: { recordsPerSecond: number; recordsPerBatch: number; seconds: number }) {
  const server = await ServerUnderTest.start(folder, await freePort());
  try {
    await upload(server, WARM_UP_RECORDS, load.recordsPerBatch);
    await untilStored(server, WARM_UP_RECORDS);
    const over = new AbortController();
    const probing = freshnessMs(server.address, over.signal);
    const { calls, failed, ackMs, lateMs } = await openLoop(server.address, load);
    over.abort();
    const freshMs = await probing;
    return {
      ...load,
      calls,
      failed,
      ackMs: quantiles(ackMs),
      sentLateMs: quantiles(lateMs),
      freshnessMs: { probes: freshMs.length, ...quantiles(freshMs) },
      memoryPeakMiB: Math.round(server.memoryPeakMiB()),
    };
  } finally {
    await server.stop();
  }
}

function quantiles(values: readonly number[]): { p50: number; p95: number; p99: number; max: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(2));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
