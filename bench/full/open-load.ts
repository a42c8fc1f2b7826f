/**
 * A load of its own process: calls of `Write` at fixed moments, whatever becomes of those before. One that fails is
 * repeated until it is acknowledged, as clients do. Its one argument is an `OpenLoad` as JSON; it prints an
 * `OpenLoadResult`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { WriteResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { DeclaredBatches } from "../load/declared-batches.ts";
import { GrpcConnection } from "../load/grpc-connection.ts";
import { type Quantiles, quantiles } from "../measure/spread.ts";

/** What to send, and where. */
export interface OpenLoad {
  address: string;
  recordsPerSecond: number;
  recordsPerBatch: number;
  seconds: number;
}

/** What became of it; everything was acknowledged. */
export interface OpenLoadResult {
  calls: number;
  /** Tries that failed and were repeated. */
  failedTries: number;
  /** From the moment at which a call was due, not from the one at which it was sent: a late sender hides nothing. */
  ackMs: Quantiles;
  /** How late calls were sent: where this is much, the load itself was short of CPU. */
  sentLateMs: Quantiles;
  producers: string[];
  recordsPerProducer: number;
}

const WRITE = "/logpulse.v1.IngestService/Write";
const PRODUCERS = 6; // Each with a connection of its own.
const RETRY_MS = 100;
const TRIES_MAX = 100;

async function main({ address, recordsPerSecond, recordsPerBatch, seconds }: OpenLoad): Promise<void> {
  const batches = new DeclaredBatches(recordsPerBatch, PRODUCERS);
  const connections = await Promise.all(Array.from({ length: PRODUCERS }, () => GrpcConnection.open(address)));
  const calls = Math.max(1, Math.round((recordsPerSecond * seconds) / recordsPerBatch / PRODUCERS)) * PRODUCERS;
  const everyMs = (1_000 * seconds) / calls;
  const [ackMs, lateMs, producers] = [[] as number[], [] as number[], new Set<string>()];
  let failedTries = 0;
  const pending: Promise<void>[] = [];
  const startMs = performance.now();
  for (let call = 0; call < calls; call++) {
    const { bytes, producer } = batches.next();
    producers.add(producer);
    const dueMs = startMs + call * everyMs;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    lateMs.push(Math.max(0, performance.now() - dueMs));
    pending.push(write(connections[call % PRODUCERS]!, bytes).then(() => void ackMs.push(performance.now() - dueMs)));
  }
  await Promise.all(pending);
  for (const connection of connections) connection.close();
  const result: OpenLoadResult = {
    calls,
    failedTries,
    ackMs: quantiles(ackMs),
    sentLateMs: quantiles(lateMs),
    producers: [...producers],
    recordsPerProducer: (calls / PRODUCERS) * recordsPerBatch,
  };
  console.log(JSON.stringify(result));

  async function write(connection: GrpcConnection, batch: Uint8Array): Promise<void> {
    for (let tries = 1; ; tries++) {
      const { code, message } = await connection.call(WRITE, batch);
      if (code === 0) {
        const { accepted } = fromBinary(WriteResponseSchema, message);
        if (accepted === recordsPerBatch) return;
        throw new Error(`${accepted} of ${recordsPerBatch} records were accepted`);
      }
      failedTries++;
      if (tries === TRIES_MAX) throw new Error(`a batch was refused ${TRIES_MAX} times, at last with code ${code}`);
      await sleep(RETRY_MS);
    }
  }
}

await main(JSON.parse(process.argv[2]!) as OpenLoad);
