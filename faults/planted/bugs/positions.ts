import { setTimeout as sleep } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import type { Consumer, ConsumerConfig } from "kafkajs";
import { LogBatchSchema } from "../../../gen/logpulse/v1/log_batch_pb.ts";
import type { EventLogReader, LogMessage } from "../../../services/ports/event-log.ts";
import { Crash, withSettle } from "../crash.ts";
import { changed } from "../fresh-parts.ts";
import { IngestDoor, validCount } from "../ingest-door.ts";
import type { PlantedBug } from "../planted-bug.ts";
import { startWorker } from "../worker-process.ts";

/** 1: the worker dies between the commit and the store. */
export const committedBeforeStored: PlantedBug = {
  planted: "a delivery is committed before its store",
  needs: { stores: ["mysql"] },
  async scene(run) {
    const door = await IngestDoor.open(run);
    const [one, other] = [door.sender(), door.sender()];
    for (let batch = 0; batch < 3; batch++) {
      await door.send(one, 100);
      await door.send(other, 100);
    }
    const crash = new Crash();
    let committed = 0;
    const commitFirst = (reader: EventLogReader) =>
      withSettle(reader, (settle) => async (delivery) => {
        committed += recordsIn(delivery.messages);
        settle(delivery).catch(() => {}); // Nobody waits for it: that is the bug.
      });
    const dying = await startWorker(run, "mysql", {
      reader: (reader) => run.orPlanted(reader, commitFirst),
      sink: (sink) => crash.beforeStore(sink),
    });
    await crash.happened;
    await dying.stop();
    await startWorker(run, "mysql");
    await door.send(one, 100);
    await run.drained();
    return [
      `${committed} acknowledged records lost in mysql`,
      `${committed} records of the topic that mysql does not hold`,
    ];
  },
};

/** 10: what was in the log before the group was there for the first time is never read. */
export const startsAtLatest: PlantedBug = {
  planted: "a new group starts at the latest message",
  needs: { stores: ["mysql"], partitions: 1 },
  modules: () => [
    changed<typeof import("../../../services/adapters/kafka/kafkajs-client.ts")>(
      "adapters/kafka/kafkajs-client.ts",
      ({ kafkaJsClient }) => ({
        kafkaJsClient(...settings) {
          const kafka = kafkaJsClient(...settings);
          const consumerOf = kafka.consumer.bind(kafka);
          kafka.consumer = (config: ConsumerConfig) => fromTheEnd(consumerOf(config));
          return kafka;
        },
      }),
    ),
  ],
  async scene(run) {
    const door = await IngestDoor.open(run);
    const sender = door.sender();
    const batches = [await door.send(sender, 200), await door.send(sender, 100)];
    const delivered = Promise.withResolvers<bigint>();
    await startWorker(run, "mysql", {
      reader: (reader) =>
        withSettle(reader, (settle) => async (delivery) => {
          delivered.resolve(delivery.messages[0]!.offset);
          await settle(delivery);
        }),
    });
    // Where it begins it looks up with its first fetch, some time after it has joined: until then more is passed over.
    const first = await sendUntil(delivered.promise, async () => batches.push(await door.send(sender, 50)));
    await run.drained();
    const lost = validCount(batches.slice(0, Number(first)).flat());
    return [`${lost} acknowledged records lost in mysql`, `${lost} records of the topic that mysql does not hold`];
  },
};

/** 15: everything is stored, and would be stored again and again. */
export const neverCommitted: PlantedBug = {
  planted: "a delivery is stored and never committed",
  needs: { stores: ["elasticsearch"], partitions: 1 },
  async scene(run) {
    const door = await IngestDoor.open(run);
    const sender = door.sender();
    for (let batch = 0; batch < 4; batch++) await door.send(sender, 50);
    const stored = Promise.withResolvers<void>();
    let left = 4;
    const worker = await startWorker(run, "elasticsearch", {
      reader: (reader) =>
        withSettle(reader, (settle) => async (delivery) => {
          await settle(delivery);
          left -= delivery.messages.length;
          if (left <= 0) stored.resolve();
          if (run.planted) throw new Error("settled, and not told so");
        }),
    });
    await stored.promise;
    await worker.stop();
    return ["4 messages that elasticsearch's group has not passed"];
  },
};

const SENDS_MAX = 100;
const SEND_EVERY_MS = 200;

async function sendUntil<Answer>(answer: Promise<Answer>, send: () => Promise<unknown>): Promise<Answer> {
  for (let sends = 0; sends < SENDS_MAX; sends++) {
    await send();
    const answered = await Promise.race([answer.then((found) => ({ found })), sleep(SEND_EVERY_MS)]);
    if (answered) return answered.found;
  }
  throw new Error(`nothing was delivered while ${SENDS_MAX} batches were sent`);
}

function recordsIn(messages: readonly LogMessage[]): number {
  const batches = messages.map(({ bytes }) => fromBinary(LogBatchSchema, bytes));
  return batches.reduce((sum, { records, rejects }) => sum + records.length - rejects.length, 0);
}

function fromTheEnd(consumer: Consumer): Consumer {
  const subscribe = consumer.subscribe.bind(consumer);
  consumer.subscribe = (subscription) => subscribe({ ...subscription, fromBeginning: false });
  return consumer;
}
