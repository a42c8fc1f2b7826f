/**
 * The floor of what stands behind ingest: a process that only produces the same batches, joined as ours are at best, into
 * the topic, with acks=all. Its one argument is a `BareProducer` as JSON; it prints a `BareProducerResult`.
 */
import { KafkaProducer } from "../../services/adapters/kafka/producer.ts";
import { makeUuidV7 } from "../../services/domain/identity.ts";
import { batchBodies, batchOf } from "../load/bodies.ts";

export interface BareProducer {
  broker: string;
  topic: string;
  partitions: number;
  batches: number;
  recordsPerBatch: number;
  batchesPerProduce: number;
}

export interface BareProducerResult {
  cpuSeconds: number;
  wallSeconds: number;
}

const settings = JSON.parse(process.argv[2]!) as BareProducer;
const producer = new KafkaProducer({ brokers: [settings.broker], clientId: "bare" });
await producer.check(settings.topic);
const bodies = batchBodies(settings.recordsPerBatch, Date.now());
const producerId = makeUuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
const all = Array.from({ length: settings.batches }, (_, index) =>
  batchOf(producerId, index * settings.recordsPerBatch, bodies[index % bodies.length]!),
);
await produce(0, 200); // Connections and code are warm then.
const [cpuBefore, startMs] = [process.cpuUsage(), performance.now()];
await Promise.all(Array.from({ length: settings.partitions }, (_, partition) => producePart(partition)));
const { user, system } = process.cpuUsage(cpuBefore);
const wallSeconds = (performance.now() - startMs) / 1_000;
await producer.close();
console.log(JSON.stringify({ cpuSeconds: (user + system) / 1e6, wallSeconds } satisfies BareProducerResult));

async function producePart(partition: number): Promise<void> {
  const each = Math.ceil(settings.batches / settings.partitions);
  const end = Math.min((partition + 1) * each, settings.batches);
  for (let first = partition * each; first < end; first += settings.batchesPerProduce) {
    await produce(first, Math.min(settings.batchesPerProduce, end - first), partition);
  }
}

async function produce(first: number, count: number, partition = 0): Promise<void> {
  const messages = all.slice(first, first + count).map((value) => ({ value }));
  await producer.send(settings.topic, partition, messages);
}
