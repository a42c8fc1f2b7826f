import { setTimeout as sleep } from "node:timers/promises";
import { ProduceAcks, Producer } from "@platformatic/kafka";
import { poisonousMessages } from "../nemesis/poison.ts";
import type { Fault } from "../scene/fault.ts";

const PARTITIONS = 3;

/** Row 21. */
export const poison: Fault = {
  name: "poison",
  summary: "somebody else writes to the topic: random bytes, empty values, other messages, batches without records",
  loadSeconds: (times) => 6 * times,
  open: () => {
    let messages = 0;
    return {
      async during(scene) {
        const topic = `${scene.places.topicPrefix}-batches`;
        const producer = new Producer({ clientId: "faults", bootstrapBrokers: [...scene.places.kafkaBrokers] });
        for (let left = scene.times; left > 0; left--) {
          for (const value of poisonousMessages(scene.random, Date.now())) {
            const partition = scene.random.between(0, PARTITIONS - 1);
            await producer.send({ messages: [{ topic, partition, value }], acks: ProduceAcks.ALL });
            messages++;
            await sleep(scene.random.between(0, 500));
          }
        }
        await producer.close();
        scene.recovers();
      },
      notes: () => ({ messages }),
    };
  },
};
