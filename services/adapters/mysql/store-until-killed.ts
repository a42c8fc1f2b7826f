/**
 * A process for `log-sink.server.test.ts` to kill: stores the batches of one producer in a loop, from the first on.
 * Arguments: database URL, tenant, producer, count of batches, records in each.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { noDeadLetters } from "../../ports/contract-batches.ts";
import { MysqlLogSink } from "./log-sink.ts";
import { requestBatch } from "./request-batches.ts";

const [url = "", tenant = "", producer = "", batches = "", size = ""] = process.argv.slice(2);
const sink = new MysqlLogSink({
  url,
  connectionsMax: 2,
  clock: {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  },
  random: Math.random,
});
process.stdout.write("started\n");
for (let index = 0; index < Number(batches); index++) {
  const batch = requestBatch(tenant, producer, index * Number(size), Number(size));
  await sink.store([batch], noDeadLetters, AbortSignal.timeout(60_000));
}
await sink.close();
