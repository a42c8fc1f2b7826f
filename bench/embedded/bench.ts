import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { uploadBatches } from "../../clients/upload-batches.ts";
import { freePort } from "../../stack/free-port.ts";
import { publish, type Ratio, reportHead } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { ratios, spread } from "../measure/spread.ts";
import { corpus, corpusBatches, corpusHash } from "./corpus.ts";
import { measureHalfLoad } from "./half-load.ts";
import { ServerUnderTest } from "./server-under-test.ts";
import { spreadsOf, tablesOf } from "./tables.ts";

const WARM_UP_RECORDS = 20_000;

/** What is to be done, checked. */
interface EmbeddedBenchOptions {
  records: number;
  recordsPerBatch: number;
  rounds: number;
  /** Of half load, and before it. */
  seconds: number;
  warmUpSeconds: number;
}

/** Beside a bare SQLite and FTS5 loader, in one run; then waits and freshness at half of what was stored. */
export async function benchEmbedded(args: string[]): Promise<void> {
  const { options, report: file } = optionsOf(args);
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
      ...reportHead(commandOf(options), { storedToBareLoader: storedRatio(floor, embedded) }),
      dataSha256: corpusHash(),
      floor: spreadsOf(floor),
      embedded: spreadsOf(embedded),
      openLoopAtHalfLoad: await measureHalfLoad({ recordsPerSecond, recordsPerBatch, warmUpSeconds, seconds }),
    };
    publish(report, tablesOf(report.floor, report.embedded, report.openLoopAtHalfLoad), file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @throws Error that names the option that is out of its bounds. */
function optionsOf(args: string[]): { options: EmbeddedBenchOptions; report: string | undefined } {
  const { values } = parseArgs({
    args,
    options: {
      records: { type: "string", default: "300000" },
      batch: { type: "string", default: "100" },
      rounds: { type: "string", default: "4" },
      seconds: { type: "string", default: "30" },
      "warm-up": { type: "string", default: "20" },
      report: { type: "string" },
    },
  });
  const options = {
    records: Number(values.records),
    recordsPerBatch: Number(values.batch),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    warmUpSeconds: Number(values["warm-up"]),
  };
  const { records, recordsPerBatch, rounds, seconds, warmUpSeconds } = options;
  if (!(records >= 1_000 && records <= 3_000_000)) throw new Error("--records must be from 1000 to 3000000");
  if (!(recordsPerBatch >= 1 && recordsPerBatch <= 10_000)) throw new Error("--batch must be from 1 to 10000");
  if (!(rounds >= 1 && rounds <= 50)) throw new Error("--rounds must be from 1 to 50");
  if (!(seconds >= 1 && seconds <= 300)) throw new Error("--seconds must be from 1 to 300");
  if (!(warmUpSeconds >= 0 && warmUpSeconds <= 300)) throw new Error("--warm-up must be from 0 to 300");
  return { options, report: values.report };
}

function commandOf({ records, recordsPerBatch, rounds, seconds, warmUpSeconds }: EmbeddedBenchOptions): string {
  const numbers = `--records ${records} --batch ${recordsPerBatch} --rounds ${rounds}`;
  return `npm run bench -- embedded ${numbers} --seconds ${seconds} --warm-up ${warmUpSeconds}`;
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
