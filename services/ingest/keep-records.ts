import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { type LogRecord, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { BATCH_BYTES_MAX } from "../domain/limits.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import type { AcceptedBatch, BatchAcceptor } from "./accept-batch.ts";
import type { WalkedReject } from "./walk-batch.ts";

const RECORDS = LogBatchSchema.field.records.number;
const FIELD_HEAD_BYTES_MAX = 6; // A tag of one byte and a length of at most five.

/** Keeps one record without identity. @throws as BatchAcceptor.accept and AcceptedBatch.kept. */
export async function keepRecord(
  acceptor: BatchAcceptor,
  record: LogRecord,
  context: CallContext,
): Promise<AcceptedBatch> {
  return keepEncoded(acceptor, [toBinary(LogRecordSchema, record)], context);
}

/**
 * Keeps any number of records without identity in as many batches as they need, each as soon as it is full. Records are
 * smaller than a batch, and at most RECORDS_PER_BATCH_MAX.
 *
 * Both methods throw as `keepRecord` does; what was kept before the batch that was refused stays kept.
 */
export class RecordKeeper {
  /** How many records were added. */
  added = 0;
  /** Records that broke a rule of the contract, by their number among all: complete when `finish` resolves. */
  readonly rejects: WalkedReject[] = [];
  private readonly acceptor: BatchAcceptor;
  private readonly context: CallContext;
  private encoded: Uint8Array[] = [];
  private bytes = 0;

  constructor(acceptor: BatchAcceptor, context: CallContext) {
    this.acceptor = acceptor;
    this.context = context;
  }

  /** Resolves when there is room for the next one. */
  async add(record: LogRecord): Promise<void> {
    const encoded = toBinary(LogRecordSchema, record);
    const bytes = encoded.length + FIELD_HEAD_BYTES_MAX;
    if (this.bytes + bytes > BATCH_BYTES_MAX) await this.keep();
    this.encoded.push(encoded);
    this.bytes += bytes;
    this.added += 1;
  }

  /** Resolves when all records are kept. */
  async finish(): Promise<void> {
    if (this.encoded.length > 0) await this.keep();
  }

  private async keep(): Promise<void> {
    const before = this.added - this.encoded.length;
    const { rejects } = await keepEncoded(this.acceptor, this.encoded, this.context);
    for (const reject of rejects) this.rejects.push({ ...reject, index: before + reject.index });
    this.encoded = [];
    this.bytes = 0;
  }
}

async function keepEncoded(acceptor: BatchAcceptor, records: readonly Uint8Array[], context: CallContext) {
  const writer = new BinaryWriter();
  for (const record of records) writer.tag(RECORDS, WireType.LengthDelimited).bytes(record);
  const batch = await acceptor.accept(writer.finish(), context);
  await batch.kept;
  return batch;
}
