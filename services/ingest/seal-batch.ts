import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { WalkedBatch, WalkedReject } from "./walk-batch.ts";

// The numbers of proto/logpulse/v1/log_batch.proto; a test holds them against the generated code.
const PRODUCER_ID = 1;
const FIRST_SEQ = 2;
const TENANT = 100;
const RECEIVED_TIME = 101;
const REJECTS = 102;
const ASSIGNED = 103;

// One for all batches, since a new one allocates for each of them. `finish` empties it, and nothing before that throws.
const writer = new BinaryWriter();
const EMPTY_RECORD = Uint8Array.of(0x1a, 0x00); // Field 3, length 0.

/** What the server adds to a batch. */
export interface ServerFields {
  tenant: string;
  receivedMs: number;
  /** Where the client declared no identity: the one that the server drew. */
  assigned: { producerId: Uint8Array; firstSeq: number } | undefined;
}

/**
 * The message for the event log: the client's bytes with the server's fields behind them. Protobuf merges messages that
 * stand one after the other, so nothing is decoded; a rejected record is replaced by an empty one, which keeps the
 * others' places.
 *
 * The result is a copy: it does not hold on to the network buffer that the walked bytes are a view of.
 */
export function sealBatch(batch: WalkedBatch, server: ServerFields): Uint8Array {
  return Buffer.concat([...withoutRejected(batch), serverBytes(batch.rejects, server)]);
}

function withoutRejected(batch: WalkedBatch): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let kept = 0;
  for (const reject of batch.rejects) {
    pieces.push(batch.bytes.subarray(kept, reject.start), EMPTY_RECORD);
    kept = reject.end;
  }
  pieces.push(batch.bytes.subarray(kept));
  return pieces;
}

function serverBytes(rejects: readonly WalkedReject[], server: ServerFields): Uint8Array {
  if (server.assigned) {
    // Behind the client's own fields, where the last one wins.
    writer.tag(PRODUCER_ID, WireType.LengthDelimited).bytes(server.assigned.producerId);
    writer.tag(FIRST_SEQ, WireType.Varint).uint64(server.assigned.firstSeq);
  }
  writer.tag(TENANT, WireType.LengthDelimited).string(server.tenant);
  writer.tag(RECEIVED_TIME, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).int64(Math.floor(server.receivedMs / 1000));
  writer.tag(2, WireType.Varint).int32((server.receivedMs % 1000) * 1_000_000);
  writer.join();
  for (const reject of rejects) {
    writer.tag(REJECTS, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).uint32(reject.index);
    writer.tag(2, WireType.LengthDelimited).string(reject.field);
    writer.tag(3, WireType.LengthDelimited).string(reject.reason);
    writer.join();
  }
  if (server.assigned) writer.tag(ASSIGNED, WireType.Varint).bool(true);
  return writer.finish();
}
