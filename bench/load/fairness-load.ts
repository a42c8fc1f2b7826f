/**
 * A load of its own process: clients that each call from an address of their own, all as often, at moments that are fixed
 * beforehand. Its one argument is a `FairnessLoad` as JSON; it prints a
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
  clients: number;
  /** The first client calls from 127.0.0.`firstHost`, the next from the one behind it. */
  firstHost: number;
  /** Of each. */
  callsPerSecond: number;
  recordsPerCall: number;
  seconds: number;
  /** They send at the same moments for the same seed, whatever others do. */
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
  clients: ClientResult[];
  /** Of all clients together, each call from the moment at which it was due. */
  acknowledgedMs: Quantiles;
  /** The waits that refusals told. */
  waitsMs: Quantiles;
  refusedWithoutWait: number;
  /** Where this comes near IN_TIME_MS_MAX, the load itself was short of CPU, and the round tells nothing. */
  sentLateMs: Quantiles;
  /** CPU seconds of this process for each second. */
  loadCores: number;
  acknowledged: Identities;
}

const WRITE = "/logpulse.v1.IngestService/Write";
const PRODUCERS = 24;
const UNANSWERED_MS_MAX = 30_000;
const IN_TIME_MS_MAX = 1_000; // Who waits for longer falls behind; a load that is merely late would lose nothing otherwise.

interface Call {
  atMs: number;
  client: number;
}

class FairnessLoop {
  private readonly load: FairnessLoad;
  private readonly connections: readonly GrpcConnection[];
  private readonly batches: DeclaredBatches;
  private readonly clients: ClientResult[];
  private readonly acknowledged: Identities = {};
  private readonly acknowledgedMs: number[] = [];
  private readonly waitsMs: number[] = [];
  private readonly sentLateMs: number[] = [];
  private refusedWithoutWait = 0;
  private startMs = 0;

  constructor(load: FairnessLoad, connections: readonly GrpcConnection[]) {
    this.load = load;
    this.connections = connections;
    this.batches = new DeclaredBatches(load.recordsPerCall, PRODUCERS);
    this.clients = connections.map(() => ({ offered: 0, acknowledgedCalls: 0, inTimeCalls: 0, refused: {} }));
  }

  async run(): Promise<FairnessLoadResult> {
    const calls = scheduleOf(this.load);
    const times = Float64Array.from(calls, ({ atMs }) => atMs);
    const pending: Promise<void>[] = [];
    const cpuBefore = process.cpuUsage();
    this.startMs = performance.now();
    await paced(this.startMs, times, (index) => void pending.push(this.send(calls[index]!)));
    const givingUp = setTimeout(() => this.close(), UNANSWERED_MS_MAX);
    await Promise.all(pending);
    clearTimeout(givingUp);
    const { user, system } = process.cpuUsage(cpuBefore);
    const loadCores = (user + system) / 1_000 / (performance.now() - this.startMs);
    this.close();
    return {
      clients: this.clients,
      acknowledgedMs: quantiles(this.acknowledgedMs),
      waitsMs: quantiles(this.waitsMs),
      refusedWithoutWait: this.refusedWithoutWait,
      sentLateMs: quantiles(this.sentLateMs),
      loadCores: Number(loadCores.toFixed(2)),
      acknowledged: compacted(this.acknowledged),
    };
  }

  private async send({ atMs, client }: Call): Promise<void> {
    const { bytes, producer, firstSeq } = this.batches.next();
    const told = this.clients[client]!;
    const dueMs = this.startMs + atMs;
    told.offered++;
    this.sentLateMs.push(performance.now() - dueMs);
    const { code, message, retryAfterMs } = await this.connections[client]!.call(WRITE, bytes);
    if (code === 0) {
      const ms = performance.now() - dueMs;
      told.acknowledgedCalls++;
      if (ms <= IN_TIME_MS_MAX) told.inTimeCalls++;
      addBatch(this.acknowledged, producer, firstSeq, fromBinary(WriteResponseSchema, message).accepted);
      this.acknowledgedMs.push(ms);
      return;
    }
    told.refused[code] = (told.refused[code] ?? 0) + 1;
    if (retryAfterMs === undefined) this.refusedWithoutWait++;
    else this.waitsMs.push(retryAfterMs);
  }

  private close(): void {
    for (const connection of this.connections) connection.close();
  }
}

/** Everybody's moments in one order; each client has a seed of its own. */
function scheduleOf({ clients, firstHost, callsPerSecond, seconds, seed }: FairnessLoad): Call[] {
  const ofClient = (client: number) =>
    Array.from(
      poissonTimesMs(callsPerSecond, seconds, seed * 1_000 + firstHost + client),
      (atMs): Call => ({ atMs, client }),
    );
  return Array.from({ length: clients }, (_, client) => ofClient(client))
    .flat()
    .sort((a, b) => a.atMs - b.atMs);
}

const load = JSON.parse(process.argv[2]!) as FairnessLoad;
const connections = await Promise.all(
  Array.from({ length: load.clients }, (_, client) =>
    GrpcConnection.open(load.address, `127.0.0.${load.firstHost + client}`),
  ),
);
console.log(JSON.stringify(await new FairnessLoop(load, connections).run()));
