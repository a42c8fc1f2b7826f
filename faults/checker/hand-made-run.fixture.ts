import { create, toBinary } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { type LogBatch, LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import type { LedgerEntry } from "../ledger/ledger-entries.ts";
import { DROPPED_STATUS, isInvalid, type RecordSource, recordOf } from "../ledger/record-generator.ts";
import { checkExports } from "./check-exports.ts";
import type { CheckResult } from "./check-result.ts";
import { ClientSketch } from "./client-sketch.ts";
import type { Rollups } from "./export-rollups.ts";
import { contentOf, severityForSearch } from "./record-content.ts";
import { addRequest, sumsAt } from "./request-sums.ts";
import type { StoredCopy } from "./stored-copy.ts";

const BASE_MS = Date.UTC(2026, 10, 21, 12);
const RECEIVED = { seconds: BigInt(BASE_MS / 1_000), nanos: 5 };
const BATCH = 40;
const RIVAL_SEED = 66;
const BATCHES = 6;

/** A run that never was: what each place would hold if all had gone well, for tests to spoil. */
export class HandMadeRun {
  static readonly producer = "019a0000000070008000000000000001";
  /** All of them; the last `batchSize` of them are the last batch. */
  static readonly records = BATCH * BATCHES;
  static readonly batchSize = BATCH;
  readonly source: RecordSource = { seed: 65, baseMs: BASE_MS };
  readonly ledger: LedgerEntry[] = [{ is: "run", seed: 1, name: "by hand", baseMs: BASE_MS }];
  readonly batches: { partition: number; batch: LogBatch }[] = [];
  /** Bytes that stand in the topic behind the batches. */
  readonly strangers: Buffer[] = [];
  readonly letters: DeadLetter[] = [];
  /** The table of dead letters, as far as it differs from `letters`. */
  readonly letterRows = { more: [] as DeadLetter[], withoutLast: 0 };
  readonly elasticsearch: StoredCopy[] = [];
  readonly mysql: StoredCopy[] = [];
  readonly rollups: Rollups = { minutes: new Map(), series: new Map(), clients: new Map(), hours: new Map() };
  readonly lags = { elasticsearch: 0, mysql: 0 };
  mayDeadLetter = false;

  constructor() {
    this.ledger.push({ is: "producer", producer: HandMadeRun.producer, seed: this.source.seed });
    for (let number = 0; number < BATCHES; number++) this.addBatch(number);
  }

  /** The first valid, stored record of the run that meets the condition. */
  seqOf(meets: (copy: StoredCopy) => boolean): number {
    const found = this.mysql.find(meets);
    if (!found) throw new Error("the hand-made run has no such record");
    return found.seq;
  }

  /** The first record that is `invalid`, or `dropped` by rule. */
  seqWithout(kind: "invalid" | "dropped"): number {
    for (let seq = 0; seq < BATCH * BATCHES; seq++) {
      const invalid = isInvalid(this.source, seq);
      const dropped = recordOf(this.source, seq).http?.status === DROPPED_STATUS;
      if (kind === "invalid" ? invalid : dropped && !invalid) return seq;
    }
    throw new Error(`the hand-made run has no record that is ${kind}`);
  }

  /** The copy of that record as a store would have it. */
  copyOf(seq: number): StoredCopy {
    const record = recordOf(this.source, seq);
    const receivedNanos = RECEIVED.seconds * 1_000_000_000n + BigInt(RECEIVED.nanos);
    const content = contentOf(record);
    return {
      ...{ tenant: "default", producer: HandMadeRun.producer, seq, content, receivedNanos, flaw: undefined },
      timeNanos: content.timeNanos ?? receivedNanos,
      severity: severityForSearch(content),
    };
  }

  letterOf(store: string, seq: number): DeadLetter {
    const original = toBinary(LogRecordSchema, recordOf(this.source, seq));
    const id = `${HandMadeRun.producer}-${seq}`;
    return create(DeadLetterSchema, { store, tenant: "default", id, reason: "by_hand", original });
  }

  /** Another record came under this seq, was acknowledged, and is a dead letter of MySQL so many times. */
  addRival(seq: number, letters: number): void {
    const { producer } = HandMadeRun;
    const send = this.ledger.length;
    this.ledger.push({ is: "sent", send, producer, firstSeq: seq, count: 1, by: "Write", rival: RIVAL_SEED });
    this.ledger.push({ is: "answer", send, outcome: "acked" });
    const original = toBinary(LogRecordSchema, recordOf({ ...this.source, seed: RIVAL_SEED }, seq));
    const letter = { ...this.letterOf("mysql", seq), reason: "conflict", original };
    for (let times = 0; times < letters; times++) this.letters.push(letter);
  }

  /** Takes a record out of one place. */
  lose(from: StoredCopy[], seq: number): void {
    from.splice(
      from.findIndex((copy) => copy.seq === seq),
      1,
    );
  }

  check(): Promise<CheckResult> {
    const values = this.batches.map(({ partition, batch }) => ({ partition, value: toBinary(LogBatchSchema, batch) }));
    const strangers = this.strangers.map((value) => ({ partition: 0, value }));
    return checkExports(
      {
        ledger: this.ledger,
        topic: [...values, ...strangers].map((message, offset) => ({ ...message, offset: String(offset) })),
        letters: this.letters,
        letterRows: [
          ...this.letters.slice(0, this.letters.length - this.letterRows.withoutLast),
          ...this.letterRows.more,
        ],
        stores: [
          { store: "elasticsearch", copies: this.elasticsearch, lag: async () => this.lags.elasticsearch },
          { store: "mysql", copies: this.mysql, lag: async () => this.lags.mysql },
        ],
        rollups: { of: "mysql", read: async () => this.rollups },
      },
      {
        tenant: "default",
        isDropped: ({ http }) => http?.status === DROPPED_STATUS,
        mayDeadLetter: this.mayDeadLetter,
      },
    );
  }

  private addBatch(send: number): void {
    const firstSeq = send * BATCH;
    const places = Array.from({ length: BATCH }, (_, index) => index);
    const rejected = places.filter((index) => isInvalid(this.source, firstSeq + index));
    const { producer } = HandMadeRun;
    this.ledger.push({ is: "sent", send, producer, firstSeq, count: BATCH, by: "Write" });
    this.ledger.push({ is: "answer", send, outcome: "acked", rejected });
    const batch = create(LogBatchSchema, {
      ...{ producerId: new Uint8Array(Buffer.from(producer, "hex")), firstSeq: BigInt(firstSeq) },
      ...{ tenant: "default", receivedTime: RECEIVED },
      records: places.map((index) => (rejected.includes(index) ? {} : recordOf(this.source, firstSeq + index))),
      rejects: rejected.map((index) => ({ index, field: "by hand", reason: "invalid" })),
    });
    this.batches.push({ partition: 0, batch });
    for (const index of places) if (!rejected.includes(index)) this.addRecord(firstSeq + index);
  }

  private addRecord(seq: number): void {
    const copy = this.copyOf(seq);
    this.count(copy);
    if (copy.content.http?.status === DROPPED_STATUS) return;
    // Elasticsearch always has a time; MySQL has the record as it was sent, and the time beside it.
    this.elasticsearch.push({ ...copy, content: { ...copy.content, timeNanos: copy.timeNanos } });
    this.mysql.push(copy);
  }

  private count({ content, timeNanos }: StoredCopy): void {
    const { service, http } = content;
    if (!http) return;
    const minute = Number(timeNanos / 60_000_000_000n);
    addRequest(sumsAt(this.rollups.minutes, String(minute)), http);
    addRequest(sumsAt(this.rollups.hours, String(Math.floor(minute / 60))), http);
    const series = JSON.stringify([minute, service, http.path.replace(/\?.*/s, "")]);
    addRequest(sumsAt(this.rollups.series, series), http);
    if (http.clientIp === "") return;
    const key = JSON.stringify([minute, service]);
    const sketch = this.rollups.clients.get(key) ?? new ClientSketch();
    this.rollups.clients.set(key, sketch);
    sketch.add(http.clientIp);
  }
}
