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
import { startIngest } from "./ingest-under-test.ts";

const LOAD = join(import.meta.dirname, "..", "load", "stream-load.ts");
const FLOOR = join(import.meta.dirname, "..", "floors", "pass-through-server.ts");
const PRODUCER = join(import.meta.dirname, "..", "floors", "bare-producer.ts");
const STREAMS = 6; // Two for each partition.
const OPTIONS = {
  records: { option: "records", usual: 3_000_000, min: 10_000, max: 10_000_000 },
  recordsPerBatch: { option: "batch", usual: 100, min: 1, max: 10_000 },
  rounds: { option: "rounds", usual: 5, min: 1, max: 50 },
};

interface Round {
  recordsPerCpuSecond: number;
  recordsPerSecond: number;
}

/** `Upload` of one ingest process into Kafka, beside a grpc-js server that only takes bytes and a bare producer. */
export async function benchIngest(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("ingest", args, OPTIONS);
  const { records, recordsPerBatch, rounds } = options;
  const installation = await startIngest();
  const floors = await Promise.all([
    passThroughFloor("pass-through"),
    passThroughFloor("pass-through, walked", "walk"),
  ]);
  try {
    const batchesPerStream = Math.ceil(records / recordsPerBatch / STREAMS);
    const load = { streams: STREAMS, batchesPerStream, recordsPerBatch };
    const sent = batchesPerStream * STREAMS * recordsPerBatch;
    const producers = new Set<string>();
    const ours: Side<Round> = {
      name: "ingest",
      async round() {
        const result = await loaded(installation.figures, { ...load, address: installation.ingest.address });
        if (result.accepted !== sent) throw new Error(`${result.accepted} of ${sent} records were accepted`);
        for (const producer of result.producers) producers.add(producer);
        return result.round;
      },
    };
    const passThrough = floors.map(({ name, figures, address }) => ({
      name,
      round: async () => (await loaded(figures, { ...load, address })).round,
    }));
    const bare: Side<Round> = {
      name: "producer",
      async round() {
        const settings: BareProducer = {
          broker: installation.kafka.address,
          topic: installation.topic,
          partitions: 3,
          batches: batchesPerStream * STREAMS,
          recordsPerBatch,
          batchesPerProduce: 64,
        };
        const { cpuSeconds, wallSeconds } = await runScript<BareProducerResult>(PRODUCER, settings);
        return roundOf(sent, cpuSeconds, wallSeconds);
      },
    };
    for (const side of [...passThrough, ours, ours]) await side.round(); // Code and caches are warm then.
    const sides = [...passThrough, ours, bare];
    const found = await interleaved(sides, rounds, (name, { recordsPerCpuSecond, recordsPerSecond }) =>
      console.error(`${name}: ${recordsPerCpuSecond} records per CPU-second, ${recordsPerSecond} per second`),
    );
    const kept = await keptIdentities(installation.kafka.address, installation.topic, producers);
    const acknowledged = sent * (rounds + 2);
    if (kept.distinct !== acknowledged)
      throw new Error(`${kept.distinct} of ${acknowledged} acknowledged are in Kafka`);
    if (kept.repeated > 0) throw new Error(`${kept.repeated} records are in Kafka more than once`);
    const perCpu = (name: string) => found.get(name)!.map(({ recordsPerCpuSecond }) => recordsPerCpuSecond);
    const report = {
      ...reportHead(command, {
        streamToWalked: {
          what: "Upload into Kafka / bare grpc-js pass-through that walks the wire, records per CPU-second",
          target: 0.35,
          ...ratios(perCpu("ingest"), perCpu("pass-through, walked")),
        },
        streamToPassThrough: {
          what: "Upload into Kafka / bare grpc-js pass-through that looks at no byte, records per CPU-second",
          ...ratios(perCpu("ingest"), perCpu("pass-through")),
        },
        streamToProducer: {
          what: "Upload into Kafka / bare producer of joined batches, records per CPU-second",
          ...ratios(perCpu("ingest"), perCpu("producer")),
        },
      }),
      dataSha256: dataHash(recordsPerBatch),
      load: { ...load, recordsPerRound: sent },
      sides: sides.map(({ name }) => ({
        name,
        recordsPerCpuSecond: spread(perCpu(name)),
        recordsPerSecond: spread(found.get(name)!.map(({ recordsPerSecond }) => recordsPerSecond)),
      })),
      keptInKafka: { acknowledged, ...kept },
      memoryPeakMiB: Math.round(installation.figures.memoryPeakMiB()),
    };
    const rows = report.sides.map((side) => [
      side.name,
      `${side.recordsPerCpuSecond.median} (${side.recordsPerCpuSecond.min} to ${side.recordsPerCpuSecond.max})`,
      side.recordsPerSecond.median,
    ]);
    publish(report, [table(["", "records per CPU-second", "per second"], rows)], files.report);
  } finally {
    for (const { child } of floors) await endChild(child);
    await installation.stop();
  }
}

async function passThroughFloor(name: string, ...more: string[]) {
  const port = await freePort();
  const child = await startScript(FLOOR, [String(port), ...more]);
  return { name, child, figures: new ProcessFigures(child.pid!), address: `127.0.0.1:${port}` };
}

/** Runs the load against a server whose CPU is counted. */
async function loaded(figures: ProcessFigures, load: StreamLoad): Promise<StreamLoadResult & { round: Round }> {
  const before = figures.cpuSeconds();
  const result = await runScript<StreamLoadResult>(LOAD, load);
  const records = load.streams * load.batchesPerStream * load.recordsPerBatch;
  return { ...result, round: roundOf(records, figures.cpuSeconds() - before, result.wallSeconds) };
}

function roundOf(records: number, cpuSeconds: number, wallSeconds: number): Round {
  return {
    recordsPerCpuSecond: Math.round(records / cpuSeconds),
    recordsPerSecond: Math.round(records / wallSeconds),
  };
}
