import { ProtobufWalk } from "../services/domain/protobuf-walk.ts";

const RECORDS = 3;
const LENGTH_DELIMITED = 2;

/** How many records an encoded LogBatch has, without decoding it. Of other bytes any number: a server refuses those. */
export function countRecords(batch: Uint8Array): number {
  const walk = new ProtobufWalk(batch);
  let records = 0;
  try {
    while (walk.pos < batch.length) {
      const tag = walk.number();
      if ((tag & 7) !== LENGTH_DELIMITED) {
        walk.scalar(tag);
        continue;
      }
      if (tag >>> 3 === RECORDS) records++;
      walk.pos = walk.end();
    }
  } catch {
    return records; // It is no batch, which the server will say.
  }
  return records;
}
