import { createHash } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { makeUuidV7 } from "../../services/domain/identity.ts";
import { msToNanos, nanosToTimestamp } from "../../services/domain/record-time.ts";
import { corpus as lines, numbers } from "../embedded/corpus.ts";
import { SEEDS } from "../measure/seeds.ts";

const HOUR_MS = 3_600_000;
const HOURS = 24;
const PRODUCERS = 4;
const RECORDS_PER_BATCH = 1_000;
const RECORDS_PER_TRACE = 10;
const RARE_EVERY = 50_000;
const PATHS = 40;
const HASHED_RECORDS = 100_000;

/** The words and values that the questions ask for. */
export const ASKED = {
  service: "payment",
  commonWord: "order",
  rareWord: "needle",
  phrase: "connection refused",
  prefix: "sess",
  level: "ERROR",
} as const;

type Record = MessageInitShape<typeof LogRecordSchema>;

/** Latencies of the requests by hour and path ("492123 /a"), in nanoseconds: what exact percentiles are made of. */
export type LatenciesByCell = Map<string, number[]>;

/** The records of a day, each of a request; the same in every run but for their times, which end at `endMs`. */
export class QueryCorpus {
  readonly startMs: number;
  readonly count: number;
  readonly latencies: LatenciesByCell = new Map();
  private readonly producerIds = Array.from({ length: PRODUCERS }, () =>
    makeUuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10))),
  );

  constructor(count: number, endMs: number) {
    this.count = count;
    // Whole hours: the pieces of a statistic then hold what the cells of `latencies` hold.
    this.startMs = Math.floor(endMs / HOUR_MS) * HOUR_MS - (HOURS - 1) * HOUR_MS;
  }

  /** Encoded batches, in the order of time, their producers by turns. */
  *batches(): Generator<Uint8Array> {
    const firstSeqs = new Array<number>(PRODUCERS).fill(0);
    let turn = 0;
    let gathered: Record[] = [];
    for (const record of this.records()) {
      gathered.push(record);
      if (gathered.length < RECORDS_PER_BATCH) continue;
      const producer = turn++ % PRODUCERS;
      const batch = {
        producerId: this.producerIds[producer]!,
        firstSeq: BigInt(firstSeqs[producer]!),
        records: gathered,
      };
      yield toBinary(LogBatchSchema, create(LogBatchSchema, batch));
      firstSeqs[producer]! += gathered.length;
      gathered = [];
    }
  }

  /** A hash of as many records that end at a fixed moment, without producers: the same in every run. */
  static sha256(): string {
    const hash = createHash("sha256");
    const ended = new QueryCorpus(HASHED_RECORDS, 1_700_000_000_000);
    for (const record of ended.records()) hash.update(toBinary(LogRecordSchema, create(LogRecordSchema, record)));
    return hash.digest("hex");
  }

  /** That trace has RECORDS_PER_TRACE records. */
  traceId(index: number): string {
    return Math.floor(index / RECORDS_PER_TRACE)
      .toString(16)
      .padStart(32, "a");
  }

  private *records(): Generator<Record> {
    const number = numbers(SEEDS.requests);
    const everyNanos = (BigInt(HOURS) * 3_600_000_000_000n) / BigInt(this.count + 1);
    const start = msToNanos(this.startMs);
    let index = 0;
    for (const { service, level, message } of lines(this.count, 0)) {
      const nanos = start + everyNanos * BigInt(index);
      const rare = index % RARE_EVERY === 0 ? ` ${ASKED.rareWord}` : "";
      yield {
        time: nanosToTimestamp(nanos),
        severityText: level,
        service,
        message: message + rare,
        traceId: this.traceId(index),
        http: this.request(nanos, number),
      };
      index++;
    }
  }

  /** Latencies are log-normal around 20 ms, as those of services are. */
  private request(nanos: bigint, number: () => number): Record["http"] {
    const uniform = () => ((number() % 1_000_000) + 1) / 1_000_001;
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const latency = Math.round(20_000_000 * Math.exp(normal));
    const path = `/api/v1/resource/${number() % PATHS}`;
    const cell = `${Number(nanos / 3_600_000_000_000n)} ${path}`;
    const known = this.latencies.get(cell);
    if (known) known.push(latency);
    else this.latencies.set(cell, [latency]);
    return {
      clientIp: `10.${number() % 64}.${number() % 64}.${number() % 16}`,
      method: "GET",
      path,
      status: number() % 50 === 0 ? 500 : 200,
      latency: { seconds: BigInt(Math.floor(latency / 1e9)), nanos: latency % 1e9 },
      responseBytes: BigInt(number() % 100_000),
    };
  }
}
