/**
 * Preloaded into a worker process (`node --import`): has it killed by SIGKILL at the point and delivery of its kill plan.
 *
 * The process is the real one, main.ts and all. What is decorated is the library that it reads Kafka with: everything that
 * a worker does with a delivery lies between kafkajs' call of `eachBatch` and the commit, so no hook in LogPulse is needed.
 * A kill "after-store" comes when the commit is asked for and before anything of it is sent.
 */
import kafkajs, { type Consumer, type ConsumerConfig, type ConsumerRunConfig, type EachBatchPayload } from "kafkajs";
import { KILL_PLAN_VARIABLE, type KillPoint, readKillPlan } from "./kill-plan.ts";

const BATCHES = "-batches"; // How the name of the topic ends.
const file = process.env[KILL_PLAN_VARIABLE];
const plan = file === undefined ? { delivery: 0 } : readKillPlan(file);
let deliveries = 0;

const kafka = kafkajs.Kafka.prototype;
const consumerOf = kafka.consumer;
kafka.consumer = function (config: ConsumerConfig): Consumer {
  const consumer = consumerOf.call(this, config);
  const run = consumer.run.bind(consumer);
  consumer.run = (settings?: ConsumerRunConfig) => run({ ...settings, eachBatch: killing(settings?.eachBatch) });
  return consumer;
};

function killing(eachBatch: ConsumerRunConfig["eachBatch"]): ConsumerRunConfig["eachBatch"] {
  if (eachBatch === undefined) return undefined;
  return async (payload: EachBatchPayload) => {
    if (!payload.batch.topic.endsWith(BATCHES)) return eachBatch(payload); // The process also reads dead letters.
    deliveries++;
    const own = deliveries;
    const reached = (point: KillPoint) => {
      if (plan.point === point && own >= plan.delivery) process.kill(process.pid, "SIGKILL");
    };
    reached("after-fetch");
    const commit: EachBatchPayload["commitOffsetsIfNecessary"] = async (offsets) => {
      reached("after-store");
      await payload.commitOffsetsIfNecessary(offsets);
      reached("after-commit");
    };
    await eachBatch({ ...payload, commitOffsetsIfNecessary: commit });
  };
}
