import type { Fault } from "../scene/fault.ts";
import { clientRetries } from "./client-retries.ts";
import { elasticsearch429 } from "./elasticsearch-429.ts";
import { elasticsearchKill } from "./elasticsearch-kill.ts";
import { ingestKill } from "./ingest-kill.ts";
import { kafkaKill } from "./kafka-kill.ts";
import { mysqlDeadlock } from "./mysql-deadlock.ts";
import { mysqlKill } from "./mysql-kill.ts";
import { poison } from "./poison.ts";
import { produceAnswerLost } from "./produce-answer-lost.ts";
import { redisKill } from "./redis-kill.ts";
import { sharedProducer } from "./shared-producer.ts";
import { topicReplay } from "./topic-replay.ts";
import { workerFrozen } from "./worker-frozen.ts";
import { workerKillAfterCommit } from "./worker-kill-after-commit.ts";
import { workerKillAfterFetch } from "./worker-kill-after-fetch.ts";
import { workerKillAfterStore } from "./worker-kill-after-store.ts";

/** Every fault, in the order in which a series runs them. */
export const FAULTS: readonly Fault[] = [
  clientRetries,
  sharedProducer,
  ingestKill,
  produceAnswerLost,
  kafkaKill,
  workerKillAfterFetch,
  workerKillAfterStore,
  workerKillAfterCommit,
  workerFrozen,
  elasticsearch429,
  elasticsearchKill,
  mysqlDeadlock,
  mysqlKill,
  redisKill,
  poison,
  topicReplay,
];

/** @throws Error that lists the names, where there is none of this name. */
export function faultOf(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name);
  if (found) return found;
  throw new Error(`there is no fault "${name}"; there are:\n${FAULTS.map((fault) => `  ${fault.name}`).join("\n")}`);
}
