import { create } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { bytesOf, type SqliteReader, textOf } from "./sqlite-reader.ts";

const COLUMNS = "store, tenant, id, reason, detail, log_partition, log_offset, original";

/** Every row of the table of dead letters, which is all that there is of them in the embedded mode. */
export function* storeLetters(reader: SqliteReader): Generator<DeadLetter> {
  for (const row of reader.rows(`SELECT ${COLUMNS} FROM dead_letters`)) {
    yield create(DeadLetterSchema, {
      ...{ store: textOf(row.store), tenant: textOf(row.tenant), id: textOf(row.id) },
      ...{ reason: textOf(row.reason), detail: textOf(row.detail) },
      ...{ partition: Number(row.log_partition), offset: BigInt(row.log_offset as bigint) },
      original: new Uint8Array(bytesOf(row.original)),
    });
  }
}
