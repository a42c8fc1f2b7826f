import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { uploadBatches } from "../../clients/upload-batches.ts";
import { freePort } from "../../stack/free-port.ts";
import { readOptions } from "../measure/options.ts";
import { publish, type Ratio, reportHead } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { ratios, spread } from "../measure/spread.ts";
import { corpus, corpusBatches, corpusHash } from "./corpus.ts";
import { measureHalfLoad } from "./half-load.ts";
import { ServerUnderTest } from "./server-under-test.ts";
import { spreadsOf, tablesOf } from "./tables.ts";

const WARM_UP_RECORDS = 20_000;

const OPTIONS = {
  records: { option: "records", usual: 300_000, min: 1_000, max: 3_000_000 },
  recordsPerBatch: { option: "batch", usual: 100, min: 1, max: 10_000 },
  rounds: { option: "rounds", usual: 4, min: 1, max: 50 },
  /** Of half load, and before it. */
  seconds: { option: "seconds", usual: 30, min: 1, max: 300 },
  warmUpSeconds: { option: "warm-up", usual: 20, min: 0, max: 300 },
};

/** Beside a bare SQLite and FTS5 loader, in one run; then waits and freshness at half of what was stored. */
export async function benchEmbedded(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("embedded", args, OPTIONS);
  const { records, recordsPerBatch, rounds, seconds, warmUpSeconds } = options;
  const folder = mkdtempSync(join(tmpdir(), "logpulse-bench-"));
  const own = () => mkdtempSync(join(folder, "round-"));
  try {
    const floor: Floor[] = [];
    const embedded: Loaded[] = [];
    const sides: Side<void>[] = [
      { name: "bare loader", round: async () => void floor.push(await bareLoader(own(), records)) },
      { name: "embedded", round: async () => void embedded.push(await loadServer(own(), records, recordsPerBatch)) },
    ];
    await interleaved(sides, rounds, (side) => console.error(`${side}: done`));
    const recordsPerSecond = Math.round(spread(embedded.map(({ storedPerSecond }) => storedPerSecond)).median / 2);
    const report = {
      ...reportHead(command, { storedToBareLoader: storedRatio(floor, embedded) }),
      dataSha256OfFirst100000: corpusHash(),
      floor: spreadsOf(floor),
      embedded: spreadsOf(embedded),
      openLoopAtHalfLoad: await measureHalfLoad({ recordsPerSecond, recordsPerBatch, warmUpSeconds, seconds }),
    };
    publish(report, tablesOf(report.floor, report.embedded, report.openLoopAtHalfLoad), files.report);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function storedRatio(floor: readonly Floor[], embedded: readonly Loaded[]): Ratio {
  return {
    what: "embedded / bare SQLite and FTS5 loader, records stored and searchable per CPU-second of the process",
    target: 0.5,
    ...ratios(
      embedded.map(({ storedPerCpuSecond }) => storedPerCpuSecond),
      floor.map(({ recordsPerCpuSecond }) => recordsPerCpuSecond),
    ),
  };
}

interface Floor {
  recordsPerCpuSecond: number;
  recordsPerSecond: number;
  bytesPerRecord: number;
}

async function bareLoader(folder: string, records: number): Promise<Floor> {
  const script = join(import.meta.dirname, "bare-loader.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, folder, String(records)]);
  rmSync(folder, { recursive: true });
  const { cpuSeconds, wallSeconds, bytes } = JSON.parse(stdout) as {
    cpuSeconds: number;
    wallSeconds: number;
    bytes: number;
  };
  return {
    recordsPerCpuSecond: Math.round(records / cpuSeconds),
    recordsPerSecond: Math.round(records / wallSeconds),
    bytesPerRecord: Math.round(bytes / records),
  };
}

type Loaded = Awaited<ReturnType<typeof loadServer>>;

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
    server.requireIdentities(WARM_UP_RECORDS + records);
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
    rmSync(folder, { recursive: true });
  }
}

async function upload(server: ServerUnderTest, records: number, recordsPerBatch: number): Promise<void> {
  await uploadBatches(server.address, corpusBatches(corpus(records, Date.now()), recordsPerBatch));
}

async function untilStored(server: ServerUnderTest, records: number): Promise<void> {
  while (server.storedCount() < records) await sleep(10);
}
