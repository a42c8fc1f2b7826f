import { createHash } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { makeUuidV7 } from "../../services/domain/identity.ts";
import { msToNanos, nanosToTimestamp } from "../../services/domain/record-time.ts";
import { SEEDS } from "../measure/seeds.ts";

/** What both sides store: a line of some service at some time. */
export interface CorpusRecord {
  timeMs: number;
  service: string;
  level: string;
  message: string;
}

const SERVICES = ["checkout", "payment", "search", "gateway", "mailer", "inventory"];
const LEVELS = ["INFO", "INFO", "INFO", "INFO", "INFO", "INFO", "DEBUG", "WARN", "ERROR"];
const TEMPLATES: readonly ((number: () => number) => string)[] = [
  (n) => `GET /api/v1/items/${n()}?page=${n() % 40} answered in ${n() % 900} ms from 10.0.${n() % 250}.${n() % 250}`,
  (n) => `order ${n()} of customer ${n() % 9000} was paid with card ending in ${n() % 10_000}`,
  (n) => `could not reach stock server 10.1.${n() % 8}.${n() % 250}:8080: connection refused, attempt ${n() % 5}`,
  (n) => `cache miss for key user:${n()}:profile, loaded ${n() % 4096} bytes in ${n() % 60} ms`,
  (n) => `session ${n().toString(36)}${n().toString(36)} expired after ${n() % 3600} s without a request`,
];

/** Lines of about 90 characters, the same in every run: few templates with many numbers, as logs are. */
export function corpus(count: number, startMs: number): CorpusRecord[] {
  const number = numbers(SEEDS.records);
  return Array.from({ length: count }, (_, index) => ({
    timeMs: startMs + Math.floor(index / 10),
    service: SERVICES[number() % SERVICES.length]!,
    level: LEVELS[number() % LEVELS.length]!,
    message: TEMPLATES[number() % TEMPLATES.length]!(number),
  }));
}

/** A hash of the first hundred thousand lines, with times from a fixed moment: the same in every run. */
export function corpusHash(): string {
  const hash = createHash("sha256");
  for (const record of corpus(100_000, 0)) hash.update(JSON.stringify(record));
  return hash.digest("hex");
}

/** The corpus as encoded batches of one producer with declared identities. */
export function* corpusBatches(records: readonly CorpusRecord[], recordsPerBatch: number): Generator<Uint8Array> {
  const producerId = makeUuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
  for (let first = 0; first < records.length; first += recordsPerBatch) {
    yield encodeBatch(producerId, first, records.slice(first, first + recordsPerBatch));
  }
}

/** One batch, its first record with that seq. */
export function encodeBatch(
  producerId: Uint8Array<ArrayBuffer>,
  firstSeq: number,
  records: readonly CorpusRecord[],
): Uint8Array {
  return toBinary(
    LogBatchSchema,
    create(LogBatchSchema, {
      producerId,
      firstSeq: BigInt(firstSeq),
      records: records.map(({ timeMs, service, level, message }) => ({
        time: nanosToTimestamp(msToNanos(timeMs)),
        severityText: level,
        service,
        message,
      })),
    }),
  );
}

/** Whole numbers below 2^31 that look random (the constants of ANSI C's example generator). */
export function numbers(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = (state * 1_103_515_245n + 12_345n) % 2n ** 31n;
    return Number(state >> 4n);
  };
}
