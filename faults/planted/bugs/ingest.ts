import kafkajs from "kafkajs";
import type { EventLog } from "../../../services/ports/event-log.ts";
import { IngestDoor, validCount } from "../ingest-door.ts";
import type { PlantedBug } from "../planted-bug.ts";
import type { PlantedRun } from "../planted-run.ts";
import { startWorker } from "../worker-process.ts";

const MESSAGE_BYTES_MAX = 150_000;

/** 3: Kafka refuses a batch that was acknowledged already. */
export const ackedBeforeProduced: PlantedBug = {
  planted: "batches are acknowledged before they are produced",
  needs: { stores: ["elasticsearch"] },
  async scene(run) {
    await makeNarrowTopic(run);
    const ackFirst = (log: EventLog): EventLog => ({
      partitions: log.partitions,
      append: async (...batches) => {
        log.append(...batches).catch(() => {}); // Nobody hears of it: that is the bug.
      },
      check: () => log.check(),
      close: () => log.close(),
    });
    const door = await IngestDoor.open(run, (log) => run.orPlanted(log, ackFirst));
    const sender = door.sender();
    await door.send(sender, 100);
    const lost = validCount(await door.send(sender, 1_000)); // Too long for the topic.
    await door.send(sender, 100);
    await startWorker(run, "elasticsearch");
    await run.drained();
    return [`${lost} acknowledged records lost in elasticsearch`];
  },
};

/** 21: a retry does not meet its first copy any more, and order is gone. */
export const partitionsInTurn: PlantedBug = {
  planted: "batches go to the partitions in turn",
  needs: { stores: ["elasticsearch"], partitions: 2 },
  async scene(run) {
    let turn = 0;
    const inTurn = (log: EventLog): EventLog => ({
      partitions: log.partitions,
      append: (_partition, batches) => log.append(turn++ % log.partitions, batches),
      check: () => log.check(),
      close: () => log.close(),
    });
    const door = await IngestDoor.open(run, (log) => run.orPlanted(log, inTurn));
    const sender = door.sender();
    for (let batch = 0; batch < 4; batch++) await door.send(sender, 50);
    await startWorker(run, "elasticsearch");
    await run.drained();
    return ["1 times that a producer changed its partition"];
  },
};

/** As an operator could make it, before LogPulse starts. */
async function makeNarrowTopic({ topics: { brokers, clientId, batches } }: PlantedRun): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [...brokers], clientId }).admin();
  await admin.connect();
  const configEntries = [{ name: "max.message.bytes", value: String(MESSAGE_BYTES_MAX) }];
  await admin.createTopics({ topics: [{ topic: batches.name, numPartitions: batches.partitions, configEntries }] });
  await admin.disconnect();
}
