import { BinaryReader } from "@bufbuild/protobuf/wire";
import { Kafka, logLevel } from "kafkajs";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { addBatch, type Identities } from "./identities.ts";

/** What a topic of batches holds of some producers. */
export interface KeptIdentities {
  /** Records whose identity stands there at least once. */
  distinct: number;
  /** Records beyond the first of their identity. */
  repeated: number;
}

/** Reads the whole topic and counts identities, those of these producers (hexadecimal) alone where told. */
export async function keptIdentities(
  broker: string,
  topic: string,
  producers?: ReadonlySet<string>,
): Promise<KeptIdentities> {
  const seen = new Map<string, { firstSeq: number; count: number }[]>();
  await eachBatch(broker, topic, (producer, firstSeq, count) => {
    if (producers !== undefined && !producers.has(producer)) return;
    const ranges = seen.get(producer) ?? [];
    ranges.push({ firstSeq, count });
    seen.set(producer, ranges);
  });
  return [...seen.values()]
    .map(sumOf)
    .reduce((sum, one) => ({ distinct: sum.distinct + one.distinct, repeated: sum.repeated + one.repeated }), {
      distinct: 0,
      repeated: 0,
    });
}

/** Reads the whole topic: every identity in it, as often as it stands there. */
export async function identitiesInTopic(broker: string, topic: string): Promise<Identities> {
  const kept: Identities = {};
  await eachBatch(broker, topic, (producer, firstSeq, count) => addBatch(kept, producer, firstSeq, count));
  return kept;
}

async function eachBatch(
  broker: string,
  topic: string,
  take: (producer: string, firstSeq: number, count: number) => void,
): Promise<void> {
  const kafka = new Kafka({ clientId: "bench-reader", brokers: [broker], logLevel: logLevel.ERROR });
  const admin = kafka.admin();
  await admin.connect();
  const ends = (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => ({ partition, end: Number(high) }));
  await admin.disconnect();
  const open = new Map(ends.filter(({ end }) => end > 0).map(({ partition, end }) => [partition, end]));
  if (open.size === 0) return;
  await readToEnd(kafka, topic, open, (value) => {
    const { producer, firstSeq, count } = identitiesOf(value);
    take(producer, firstSeq, count);
  });
}

/** Of a LogBatch, without decoding its records: there may be tens of millions. */
function identitiesOf(value: Buffer): { producer: string; firstSeq: number; count: number } {
  const { producerId, firstSeq, records } = LogBatchSchema.field;
  const reader = new BinaryReader(value);
  const found = { producer: "", firstSeq: 0, count: 0 };
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === producerId.number) found.producer = Buffer.from(reader.bytes()).toString("hex");
    else if (number === firstSeq.number) found.firstSeq = Number(reader.uint64());
    else {
      if (number === records.number) found.count++;
      reader.skip(wireType, number);
    }
  }
  return found;
}

function sumOf(ranges: { firstSeq: number; count: number }[]): KeptIdentities {
  let [distinct, all, end] = [0, 0, 0];
  for (const { firstSeq, count } of ranges.toSorted((a, b) => a.firstSeq - b.firstSeq)) {
    const from = Math.max(end, firstSeq);
    distinct += Math.max(0, firstSeq + count - from);
    all += count;
    end = Math.max(end, firstSeq + count);
  }
  return { distinct, repeated: all - distinct };
}

async function readToEnd(
  kafka: Kafka,
  topic: string,
  open: Map<number, number>,
  take: (value: Buffer) => void,
): Promise<void> {
  const consumer = kafka.consumer({ groupId: `bench-${crypto.randomUUID()}`, maxBytesPerPartition: 4 * 2 ** 20 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const { value } of batch.messages) if (value) take(value);
      if (Number(batch.lastOffset()) + 1 >= (open.get(batch.partition) ?? 0)) open.delete(batch.partition);
      if (open.size === 0) resolve();
    },
  });
  await promise;
  await consumer.disconnect();
}
