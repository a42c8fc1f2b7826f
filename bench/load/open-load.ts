/**
 * A load of its own process: calls of `Write` at moments that are fixed beforehand, whatever becomes of those before. Its
 * one argument is an `OpenLoad` as JSON; it prints an `OpenLoadResult`.
 */
import { fromBinary } from "@bufbuild/protobuf";
import { WriteResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { addBatch, compacted, type Identities } from "../measure/identities.ts";
import { type Backlog, backlogOf, type InFlight } from "../measure/in-flight.ts";
import { type Quantiles, quantiles } from "../measure/spread.ts";
import { DeclaredBatches } from "./declared-batches.ts";
import { type CallOutcome, GrpcConnection, NO_ANSWER } from "./grpc-connection.ts";
import { paced } from "./paced.ts";
import { type PatientResult, patientClient } from "./patient-client.ts";
import { poissonTimesMs } from "./poisson.ts";

/** What to send, where and when. */
export interface OpenLoad {
  address: string;
  connections: number;
  recordsPerCall: number;
  callsPerSecond: number;
  /** At the same rate, before what is measured. */
  warmUpSeconds: number;
  seconds: number;
  seed: number;
  /** So many clients beside it send one batch after the other and keep to the waits that they are told. */
  patientClients: number;
}

/** What became of the calls that were due in the measured time. */
export interface OpenLoadResult {
  offered: number;
  acknowledgedCalls: number;
  /**
   * Of all calls, those of patient clients too, by when they were acknowledged: those within the measured time, for each
   * second of it.
   */
  acknowledgedCallsPerSecond: number;
  /** Answers with an error, by gRPC's status code. */
  refused: Record<string, number>;
  /** The waits that refusals told. */
  waitsMs: Quantiles;
  refusedWithoutWait: number;
  /** Neither answer nor error within UNANSWERED_MS_MAX after the last call, or a broken connection. */
  unanswered: number;
  /** Of acknowledged calls, each from the moment at which it was due. */
  acknowledgedMs: Quantiles;
  /** How late calls were sent: where this is much, the load itself was short of CPU. */
  sentLateMs: Quantiles;
  /** Calls that were really sent, whenever they were due, in each second of the measured time. */
  sentCallsPerSecond: number;
  /** Calls that are due and not yet answered, sent or not. */
  backlog: Backlog;
  /** CPU seconds of the load itself for each second of it. */
  loadCores: number;
  patient: PatientResult;
  /** Of the whole run. */
  acknowledged: Identities;
}

const WRITE = "/logpulse.v1.IngestService/Write";
const UNANSWERED_MS_MAX = 30_000;
const SAMPLE_EVERY_MS = 50;
const PRODUCERS = 24;

class OpenLoop {
  private readonly load: OpenLoad;
  private readonly times: Float64Array;
  private readonly batches: DeclaredBatches;
  private readonly connections: GrpcConnection[];
  private readonly acknowledged: Identities = {};
  private readonly acknowledgedMs: number[] = [];
  private readonly sentLateMs: number[] = [];
  private readonly waitsMs: number[] = [];
  private readonly refused: Record<string, number> = {};
  private readonly samples: InFlight[] = [];
  private readonly patient = { succeeded: 0, gaveUp: 0, refusals: 0, refusalsWithoutWait: 0, triesMax: 0 };
  private due = 0;
  private sentInTime = 0;
  private answered = 0;
  private offered = 0;
  private refusedWithoutWait = 0;
  private unanswered = 0;
  private acknowledgedInTime = 0;
  private startMs = 0;

  constructor(load: OpenLoad, connections: GrpcConnection[]) {
    this.load = load;
    this.connections = connections;
    this.times = poissonTimesMs(load.callsPerSecond, load.warmUpSeconds + load.seconds, load.seed);
    this.batches = new DeclaredBatches(load.recordsPerCall, PRODUCERS);
  }

  async run(): Promise<OpenLoadResult> {
    const { warmUpSeconds, seconds, patientClients, recordsPerCall, callsPerSecond } = this.load;
    const pending: Promise<void>[] = [];
    this.startMs = performance.now();
    const [beginMs, endMs] = [this.startMs + warmUpSeconds * 1_000, this.startMs + (warmUpSeconds + seconds) * 1_000];
    const sampling = setInterval(() => this.sample(beginMs, endMs), SAMPLE_EVERY_MS);
    const patients = Array.from({ length: patientClients }, (_, index) => {
      const connection = this.connections[index % this.connections.length]!;
      const call = async (bytes: Buffer) => {
        const outcome = await connection.call(WRITE, bytes);
        if (outcome.code === 0) this.countAcknowledged(beginMs, endMs);
        return outcome;
      };
      return patientClient(call, this.batches, recordsPerCall, endMs, this.acknowledged, this.patient);
    });
    await paced(this.startMs, this.times, (index) => void pending.push(this.send(index, beginMs, endMs)));
    const givingUp = setTimeout(() => this.close(), UNANSWERED_MS_MAX);
    await Promise.all([...pending, ...patients]);
    clearTimeout(givingUp);
    clearInterval(sampling);
    this.close();
    return {
      offered: this.offered,
      acknowledgedCalls: this.acknowledgedMs.length,
      acknowledgedCallsPerSecond: Number((this.acknowledgedInTime / seconds).toFixed(2)),
      refused: this.refused,
      waitsMs: quantiles(this.waitsMs),
      refusedWithoutWait: this.refusedWithoutWait,
      unanswered: this.unanswered,
      acknowledgedMs: quantiles(this.acknowledgedMs),
      sentLateMs: quantiles(this.sentLateMs),
      sentCallsPerSecond: Number((this.sentInTime / seconds).toFixed(2)),
      backlog: backlogOf(this.samples, callsPerSecond),
      loadCores: coresOf(process.cpuUsage(), performance.now()),
      patient: this.patient,
      acknowledged: compacted(this.acknowledged),
    };
  }

  private async send(index: number, beginMs: number, endMs: number): Promise<void> {
    const dueMs = this.startMs + this.times[index]!;
    const isMeasured = dueMs >= beginMs;
    const { bytes, producer, firstSeq } = this.batches.next();
    const sentMs = performance.now();
    if (isMeasured) this.sentLateMs.push(sentMs - dueMs);
    if (isMeasured) this.offered++;
    if (sentMs >= beginMs && sentMs < endMs) this.sentInTime++;
    const outcome = await this.connections[index % this.connections.length]!.call(WRITE, bytes);
    this.answered++;
    const nowMs = performance.now();
    if (outcome.code === 0) {
      this.note(producer, firstSeq, outcome.message);
      this.countAcknowledged(beginMs, endMs);
      if (isMeasured) this.acknowledgedMs.push(nowMs - dueMs);
    } else if (isMeasured) this.noteRefusal(outcome);
  }

  private note(producer: string, firstSeq: number, answer: Buffer): void {
    const { accepted } = fromBinary(WriteResponseSchema, answer);
    if (accepted !== this.load.recordsPerCall)
      throw new Error(`${accepted} of ${this.load.recordsPerCall} were accepted`);
    addBatch(this.acknowledged, producer, firstSeq, accepted);
  }

  private noteRefusal({ code, retryAfterMs }: CallOutcome): void {
    if (code === NO_ANSWER) {
      this.unanswered++;
      return;
    }
    this.refused[code] = (this.refused[code] ?? 0) + 1;
    if (retryAfterMs === undefined) this.refusedWithoutWait++;
    else this.waitsMs.push(retryAfterMs);
  }

  private countAcknowledged(beginMs: number, endMs: number): void {
    const nowMs = performance.now();
    if (nowMs >= beginMs && nowMs < endMs) this.acknowledgedInTime++;
  }

  private sample(beginMs: number, endMs: number): void {
    const nowMs = performance.now();
    if (nowMs < beginMs || nowMs > endMs) return;
    while (this.due < this.times.length && this.startMs + this.times[this.due]! <= nowMs) this.due++;
    this.samples.push({ atSeconds: (nowMs - beginMs) / 1_000, calls: this.due - this.answered });
  }

  private close(): void {
    for (const connection of this.connections) connection.close();
  }
}

/** `ms`: since the process began. */
function coresOf({ user, system }: NodeJS.CpuUsage, ms: number): number {
  return Number(((user + system) / 1_000 / ms).toFixed(2)); // They are in microseconds.
}

const load = JSON.parse(process.argv[2]!) as OpenLoad;
const connections = await Promise.all(
  Array.from({ length: load.connections }, () => GrpcConnection.open(load.address)),
);
console.log(JSON.stringify(await new OpenLoop(load, connections).run()));
