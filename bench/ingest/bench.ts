import { join } from "node:path";
import { freePort } from "../../stack/free-port.ts";
import type { BareProducer, BareProducerResult } from "../floors/bare-producer.ts";
import { dataHash } from "../load/bodies.ts";
import type { StreamLoad, StreamLoadResult } from "../load/stream-load.ts";
import { endChild, runScript, startScript } from "../measure/child.ts";
import { keptIdentities } from "../measure/kafka-identities.ts";
import { readOptions } from "../measure/options.ts";
import { ProcessFigures } from "../measure/process-figures.ts";
import { publish, reportHead, table } from "../measure/report.ts";
import { interleaved, type Side } from "../measure/rounds.ts";
import { ratios, spread } from "../measure/spread.ts";
import { type IngestUnderTest, startIngest } from "./ingest-under-test.ts";

const LOAD = join(import.meta.dirname, "..", "load", "stream-load.ts");
const FLOOR = join(import.meta.dirname, "..", "floors", "pass-through-server.ts");
const PRODUCER = join(import.meta.dirname, "..", "floors", "bare-producer.ts");
const STREAMS = 6; // Two for each partition.
const WALKED = "pass-through, walked";
const OPTIONS = {
  records: { option: "records", usual: 3_000_000, min: 10_000, max: 10_000_000 },
  recordsPerBatch: { option: "batch", usual: 100, min: 1, max: 10_000 },
  rounds: { option: "rounds", usual: 5, min: 1, max: 50 },
};

interface Round {
  recordsPerCpuSecond: number;
  recordsPerSecond: number;
}

/** What each side of a round is given. */
type Load = Omit<StreamLoad, "address">;

/** `Upload` of one ingest process into Kafka, beside grpc-js servers that only take bytes and a bare producer. */
export async function benchIngest(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("ingest", args, OPTIONS);
  const { records, recordsPerBatch, rounds } = options;
  const load: Load = {
    streams: STREAMS,
    batchesPerStream: Math.ceil(records / recordsPerBatch / STREAMS),
    recordsPerBatch,
  };
  const installation = await startIngest();
  const floors = await Promise.all([passThroughFloor("pass-through"), passThroughFloor(WALKED, "walk")]);
  try {
    const producers = new Set<string>();
    const ours = ingestSide(installation, load, producers);
    const passThrough = floors.map((floor) => floorSide(floor, load));
    for (const side of [...passThrough, ours, ours]) await side.round(); // Code and caches are warm then.
    const found = await interleaved([...passThrough, ours, producerSide(installation, load)], rounds, tell);
    const report = {
      ...reportHead(command, ratiosOf(found)),
      dataSha256: dataHash(recordsPerBatch),
      load: { ...load, recordsPerRound: recordsOf(load) },
      sides: [...found].map(([name, all]) => ({
        name,
        recordsPerCpuSecond: spread(all.map(({ recordsPerCpuSecond }) => recordsPerCpuSecond)),
        recordsPerSecond: spread(all.map(({ recordsPerSecond }) => recordsPerSecond)),
      })),
      keptInKafka: await requireKept(installation, recordsOf(load) * (rounds + 2), producers),
      memoryPeakMiB: Math.round(installation.figures.memoryPeakMiB()),
    };
    const rows = report.sides.map(({ name, recordsPerCpuSecond: { median, min, max }, recordsPerSecond }) => [
      name,
      `${median} (${min} to ${max})`,
      recordsPerSecond.median,
    ]);
    publish(report, [table(["", "records per CPU-second", "per second"], rows)], files.report);
  } finally {
    for (const { child } of floors) await endChild(child);
    await installation.stop();
  }
}

/** Notes the identities of the producers that it has sent by. */
function ingestSide({ ingest, figures }: IngestUnderTest, load: Load, producers: Set<string>): Side<Round> {
  return {
    name: "ingest",
    async round() {
      const result = await loaded(figures, { ...load, address: ingest.address });
      const sent = recordsOf(load);
      if (result.accepted !== sent) throw new Error(`${result.accepted} of ${sent} records were accepted`);
      for (const producer of result.producers) producers.add(producer);
      return result.round;
    },
  };
}

function floorSide({ name, figures, address }: Floor, load: Load): Side<Round> {
  return { name, round: async () => (await loaded(figures, { ...load, address })).round };
}

function producerSide({ kafka, topic }: IngestUnderTest, load: Load): Side<Round> {
  const settings: BareProducer = {
    broker: kafka.address,
    topic,
    partitions: 3,
    batches: load.batchesPerStream * STREAMS,
    recordsPerBatch: load.recordsPerBatch,
    batchesPerProduce: 64,
  };
  return {
    name: "producer",
    async round() {
      const { cpuSeconds, wallSeconds } = await runScript<BareProducerResult>(PRODUCER, settings);
      return roundOf(recordsOf(load), cpuSeconds, wallSeconds);
    },
  };
}

function tell(name: string, { recordsPerCpuSecond, recordsPerSecond }: Round): void {
  console.error(`${name}: ${recordsPerCpuSecond} records per CPU-second, ${recordsPerSecond} per second`);
}

function ratiosOf(found: Map<string, Round[]>) {
  const perCpu = (name: string) => found.get(name)!.map(({ recordsPerCpuSecond }) => recordsPerCpuSecond);
  const to = (what: string, name: string) => ({
    what: `Upload into Kafka / ${what}, records per CPU-second`,
    ...ratios(perCpu("ingest"), perCpu(name)),
  });
  return {
    streamToWalked: { target: 0.35, ...to("bare grpc-js pass-through that walks the wire", WALKED) },
    streamToPassThrough: to("bare grpc-js pass-through that looks at no byte", "pass-through"),
    streamToProducer: to("bare producer of joined batches", "producer"),
  };
}

/** @throws Error where an acknowledged record is not in Kafka, or there twice. */
async function requireKept({ kafka, topic }: IngestUnderTest, acknowledged: number, producers: Set<string>) {
  const kept = await keptIdentities(kafka.address, topic, producers);
  if (kept.distinct !== acknowledged) throw new Error(`${kept.distinct} of ${acknowledged} acknowledged are in Kafka`);
  if (kept.repeated > 0) throw new Error(`${kept.repeated} records are in Kafka more than once`);
  return { acknowledged, ...kept };
}

function recordsOf({ streams, batchesPerStream, recordsPerBatch }: Load): number {
  return streams * batchesPerStream * recordsPerBatch;
}

type Floor = Awaited<ReturnType<typeof passThroughFloor>>;

async function passThroughFloor(name: string, ...more: string[]) {
  const port = await freePort();
  const child = await startScript(FLOOR, [String(port), ...more]);
  return { name, child, figures: new ProcessFigures(child.pid!), address: `127.0.0.1:${port}` };
}

/** Runs the load against a server whose CPU is counted. */
async function loaded(figures: ProcessFigures, load: StreamLoad): Promise<StreamLoadResult & { round: Round }> {
  const before = figures.cpuSeconds();
  const result = await runScript<StreamLoadResult>(LOAD, load);
  return { ...result, round: roundOf(recordsOf(load), figures.cpuSeconds() - before, result.wallSeconds) };
}

function roundOf(records: number, cpuSeconds: number, wallSeconds: number): Round {
  return {
    recordsPerCpuSecond: Math.round(records / cpuSeconds),
    recordsPerSecond: Math.round(records / wallSeconds),
  };
}
