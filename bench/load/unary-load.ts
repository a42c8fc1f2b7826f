/**
 * A load of its own process: so many calls of `Write` in flight, over some connections, each followed by the next as soon
 * as it is answered, for some seconds. Its one argument is a `UnaryLoad` as JSON; it prints a `UnaryLoadResult`.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { WriteResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { addBatch, compacted, type Identities } from "../measure/identities.ts";
import { type Quantiles, quantiles } from "../measure/spread.ts";
import { DeclaredBatches } from "./declared-batches.ts";
import { GrpcConnection } from "./grpc-connection.ts";

/** What to send, and where. */
export interface UnaryLoad {
  address: string;
  connections: number;
  callsInFlight: number;
  recordsPerCall: number;
  seconds: number;
  /** True: it answers what it was sent, so there is nothing to count. */
  isEcho: boolean;
}

/** What became of it. */
export interface UnaryLoadResult {
  /** Calls answered without an error. */
  calls: number;
  /** Calls answered with one, by gRPC's status code. */
  failed: Record<string, number>;
  wallSeconds: number;
  answeredMs: Quantiles;
  /** What was acknowledged. */
  acknowledged: Identities;
}

const WRITE = "/logpulse.v1.IngestService/Write";
const FAILED_PAUSE_MS = 50; // A server that refuses at once is not asked without end.

async function main(load: UnaryLoad): Promise<void> {
  const batches = new DeclaredBatches(load.recordsPerCall, load.connections);
  const connections = await Promise.all(
    Array.from({ length: load.connections }, () => GrpcConnection.open(load.address)),
  );
  const acknowledged: Identities = {};
  const failed: Record<string, number> = {};
  const answeredMs: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + load.seconds * 1_000;
  await Promise.all(
    Array.from({ length: load.callsInFlight }, (_, index) => callOn(connections[index % connections.length]!)),
  );
  const wallSeconds = (performance.now() - startMs) / 1_000;
  for (const connection of connections) connection.close();
  const result: UnaryLoadResult = {
    calls: answeredMs.length,
    failed,
    wallSeconds,
    answeredMs: quantiles(answeredMs),
    acknowledged: compacted(acknowledged),
  };
  console.log(JSON.stringify(result));

  async function callOn(connection: GrpcConnection): Promise<void> {
    while (performance.now() < endMs) {
      const batch = batches.next();
      const beganMs = performance.now();
      const { code, message } = await connection.call(WRITE, batch.bytes);
      if (code === 0) {
        answeredMs.push(performance.now() - beganMs);
        if (!load.isEcho) note(batch.producer, batch.firstSeq, message);
      } else {
        failed[code] = (failed[code] ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, FAILED_PAUSE_MS));
      }
    }
  }

  function note(producer: string, firstSeq: number, answer: Buffer): void {
    const { accepted } = fromBinary(WriteResponseSchema, answer);
    if (accepted !== load.recordsPerCall)
      throw new Error(`${accepted} of ${load.recordsPerCall} records were accepted`);
    addBatch(acknowledged, producer, firstSeq, accepted);
  }
}

await main(JSON.parse(process.argv[2]!) as UnaryLoad);
