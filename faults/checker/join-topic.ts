import { fromBinary } from "@bufbuild/protobuf";
import { type LogBatch, LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import { contentHash, contentOf } from "./record-content.ts";
import { INVALID } from "./record-flags.ts";
import type { Samples } from "./samples.ts";
import type { SentRecords } from "./sent-records.ts";

/** One message of the topic as the broker has it. */
export interface TopicMessage {
  partition: number;
  offset: string;
  value: Uint8Array;
}

/** What the topic was found to hold. */
export interface TopicCounts {
  messages: number;
  /** Records, repeats included, without the places of rejected ones. */
  records: number;
  rejected: number;
  phantom: number;
  corrupt: number;
  /** Rejected although the contract allows them, or kept although it does not. */
  misjudged: number;
  /** Producers whose batches stand in more than one partition. */
  scattered: number;
  /** `partition@offset` of the messages that are no batches. */
  unreadable: Set<string>;
}

/** Marks in `sent` what the topic has, each record as often as it stands there. */
export async function joinTopic(
  sent: SentRecords,
  messages: AsyncIterable<TopicMessage> | Iterable<TopicMessage>,
  tenant: string,
  samples: Samples,
): Promise<TopicCounts> {
  const joining = new TopicJoin(sent, tenant, samples);
  for await (const message of messages) joining.take(message);
  return joining.counts;
}

class TopicJoin {
  readonly counts: TopicCounts = {
    ...{ messages: 0, records: 0, rejected: 0, phantom: 0, corrupt: 0, misjudged: 0, scattered: 0 },
    unreadable: new Set(),
  };
  private readonly sent: SentRecords;
  private readonly tenant: string;
  private readonly samples: Samples;
  private readonly partitions = new Map<string, number>();

  constructor(sent: SentRecords, tenant: string, samples: Samples) {
    this.sent = sent;
    this.tenant = tenant;
    this.samples = samples;
  }

  take({ partition, offset, value }: TopicMessage): void {
    this.counts.messages++;
    const batch = batchOf(value);
    if (!batch) {
      this.counts.unreadable.add(`${partition}@${offset}`);
      return;
    }
    const producer = Buffer.from(batch.producerId).toString("hex");
    this.place(producer, partition);
    const rejected = new Set(batch.rejects.map(({ index }) => index));
    batch.records.forEach((record, index) => {
      const seq = Number(batch.firstSeq) + index;
      if (rejected.has(index)) this.reject(producer, seq, record);
      else this.record(batch.tenant ?? "", producer, seq, record);
    });
  }

  private record(tenant: string, producer: string, seq: number, record: LogRecord): void {
    this.counts.records++;
    const records = tenant === this.tenant ? this.sent.find(producer, seq) : undefined;
    if (!records) return this.note("phantom", `the topic has ${tenant}/${producer}-${seq}, which was never sent`);
    const hash = contentHash(contentOf(record));
    if (this.sent.rivals.has(`${producer}-${seq}`, hash)) return;
    records.found.topic[seq]!++;
    if (records.flags[seq]! & INVALID) this.note("misjudged", `${producer}-${seq} is invalid and was not rejected`);
    if (hash !== records.hashes[seq])
      this.note("corrupt", `the topic has ${producer}-${seq} otherwise than it was sent`);
  }

  private reject(producer: string, seq: number, placeholder: LogRecord): void {
    this.counts.rejected++;
    const records = this.sent.find(producer, seq);
    const name = `${producer}-${seq}`;
    if (!records) this.note("phantom", `the topic rejects ${name}, which was never sent`);
    else if (!(records.flags[seq]! & INVALID)) this.note("misjudged", `the topic rejects ${name}, which is valid`);
    if (contentHash(contentOf(placeholder)) !== EMPTY)
      this.note("corrupt", `${name} is rejected, and something stands in its place`);
  }

  private place(producer: string, partition: number): void {
    const before = this.partitions.get(producer) ?? partition;
    this.partitions.set(producer, partition);
    if (before !== partition) this.note("scattered", `${producer} is in the partitions ${before} and ${partition}`);
  }

  private note(kind: "phantom" | "corrupt" | "misjudged" | "scattered", sentence: string): void {
    this.counts[kind]++;
    this.samples.add(`${kind} in the topic`, sentence);
  }
}

const SEQ_MAX = 2n ** 53n - 1n;

/** Undefined where the bytes are not what the contract says of a message of the topic. */
function batchOf(value: Uint8Array): LogBatch | undefined {
  try {
    const batch = fromBinary(LogBatchSchema, value);
    const { producerId, tenant, receivedTime, firstSeq, records } = batch;
    const inBounds = firstSeq + BigInt(Math.max(records.length, 1)) - 1n <= SEQ_MAX;
    return producerId.length === 16 && tenant && receivedTime && inBounds ? batch : undefined;
  } catch {
    return undefined; // It is counted by the caller.
  }
}

const EMPTY = contentHash({
  ...{ timeNanos: undefined, severity: 0, severityText: "", service: "", message: "", attributes: undefined },
  ...{ traceId: "", spanId: "", raw: undefined, http: undefined, unknownFields: 0 },
});
