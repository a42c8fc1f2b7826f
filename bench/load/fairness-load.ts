/**
 * A load of its own process: clients that each call from an address of their own, all at moments that are fixed
 * beforehand, and one of them that sends far more than it may. Its one argument is a `FairnessLoad` as JSON; it prints a
 * `FairnessLoadResult`.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { WriteResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { addBatch, compacted, type Identities } from "../measure/identities.ts";
import { type Quantiles, quantiles } from "../measure/spread.ts";
import { DeclaredBatches } from "./declared-batches.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import { paced } from "./paced.ts";
import { poissonTimesMs } from "./poisson.ts";

/** Who sends how much, and where. */
export interface FairnessLoad {
  address: string;
  honestClients: number;
  honestCallsPerSecond: number;
  /** Of one more client; 0: there is none. */
  greedyCallsPerSecond: number;
  recordsPerCall: number;
  seconds: number;
  /** Honest clients send at the same moments for the same seed, whatever the greedy one does. */
  seed: number;
}

/** What became of one client's calls. */
export interface ClientResult {
  offered: number;
  acknowledgedCalls: number;
  /** Those of them that were acknowledged within IN_TIME_MS_MAX of the moment at which they were due: its goodput. */
  inTimeCalls: number;
  /** Answers with an error, by gRPC's status code; -1: no answer. */
  refused: Record<string, number>;
}

/** What became of all of them. */
export interface FairnessLoadResult {
  honest: ClientResult[];
  /** Of all honest clients together, each call from the moment at which it was due. */
  honestAcknowledgedMs: Quantiles;
  greedy: ClientResult;
  /** The waits that refusals told the greedy one. */
  greedyWaitsMs: Quantiles;
  greedyRefusedWithoutWait: number;
  sentLateMs: Quantiles;
  acknowledged: Identities;
}

const WRITE = "/logpulse.v1.IngestService/Write";
const PRODUCERS = 24;
const UNANSWERED_MS_MAX = 30_000;
const IN_TIME_MS_MAX = 1_000; // Who waits for longer falls behind; a load that is merely late would lose nothing otherwise.
const FIRST_HOST = 2; // 127.0.0.1 is everybody's, and a trusted proxy.

interface Call {
  atMs: number;
  client: number;
}

async function main(load: FairnessLoad): Promise<void> {
  const greedyClient = load.honestClients; // The last one.
  const calls = scheduleOf(load);
  const batches = new DeclaredBatches(load.recordsPerCall, PRODUCERS);
  const connections = await Promise.all(
    Array.from({ length: load.honestClients + 1 }, (_, client) =>
      GrpcConnection.open(load.address, `127.0.0.${FIRST_HOST + client}`),
    ),
  );
  const clients = connections.map(
    (): ClientResult => ({ offered: 0, acknowledgedCalls: 0, inTimeCalls: 0, refused: {} }),
  );
  const acknowledged: Identities = {};
  const [honestAcknowledgedMs, greedyWaitsMs, sentLateMs]: [number[], number[], number[]] = [[], [], []];
  let greedyRefusedWithoutWait = 0;
  const pending: Promise<void>[] = [];
  const startMs = performance.now();
  await paced(
    startMs,
    Float64Array.from(calls, ({ atMs }) => atMs),
    (index) => void pending.push(send(calls[index]!)),
  );
  const closeAll = () => {
    for (const connection of connections) connection.close();
  };
  const givingUp = setTimeout(closeAll, UNANSWERED_MS_MAX);
  await Promise.all(pending);
  clearTimeout(givingUp);
  closeAll();
  const result: FairnessLoadResult = {
    honest: clients.slice(0, greedyClient),
    honestAcknowledgedMs: quantiles(honestAcknowledgedMs),
    greedy: clients[greedyClient]!,
    greedyWaitsMs: quantiles(greedyWaitsMs),
    greedyRefusedWithoutWait,
    sentLateMs: quantiles(sentLateMs),
    acknowledged: compacted(acknowledged),
  };
  console.log(JSON.stringify(result));

  async function send({ atMs, client }: Call): Promise<void> {
    const { bytes, producer, firstSeq } = batches.next();
    const told = clients[client]!;
    told.offered++;
    sentLateMs.push(performance.now() - startMs - atMs);
    const { code, message, retryAfterMs } = await connections[client]!.call(WRITE, bytes);
    if (code === 0) {
      const ms = performance.now() - startMs - atMs;
      told.acknowledgedCalls++;
      if (ms <= IN_TIME_MS_MAX) told.inTimeCalls++;
      addBatch(acknowledged, producer, firstSeq, fromBinary(WriteResponseSchema, message).accepted);
      if (client !== greedyClient) honestAcknowledgedMs.push(ms);
      return;
    }
    told.refused[code] = (told.refused[code] ?? 0) + 1;
    if (client !== greedyClient) return;
    if (retryAfterMs === undefined) greedyRefusedWithoutWait++;
    else greedyWaitsMs.push(retryAfterMs);
  }
}

/** Everybody's moments in one order; each client has a seed of its own. */
function scheduleOf(load: FairnessLoad): Call[] {
  const { honestClients, honestCallsPerSecond, greedyCallsPerSecond, seconds, seed } = load;
  const ofClient = (client: number, callsPerSecond: number) =>
    Array.from(poissonTimesMs(callsPerSecond, seconds, seed * 1_000 + client), (atMs): Call => ({ atMs, client }));
  const honest = Array.from({ length: honestClients }, (_, client) => ofClient(client, honestCallsPerSecond));
  const greedy = greedyCallsPerSecond === 0 ? [] : ofClient(honestClients, greedyCallsPerSecond);
  return [...honest.flat(), ...greedy].sort((a, b) => a.atMs - b.atMs);
}

await main(JSON.parse(process.argv[2]!) as FairnessLoad);
