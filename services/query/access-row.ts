import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { type AccessRow, AccessRowSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { identityText } from "../domain/identity.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import type { AccessRecord } from "../ports/access-log.ts";

const NANOS_PER_MS = 1_000_000;
const INT32_MAX = 2_147_483_647;
const ID_BITS = 49; // Exact as a JSON number everywhere, with room to spare.

/** An access record in the dashboard's shape. */
export function accessRow(tenant: string, record: AccessRecord): AccessRow {
  return create(AccessRowSchema, {
    id: displayId(tenant, record.producer, record.seq),
    timestamp: nanosToTimestamp(record.timeNanos),
    ip: record.clientIp,
    method: record.method,
    path: record.path,
    status: record.status,
    latencyMs: wholeMs(record.latencyNanos ?? 0n),
  });
}

/** The first 49 bits of the SHA-256 of the identity: for display only, two rows may share one. */
export function displayId(tenant: string, producer: string, seq: number): number {
  const hash = createHash("sha256")
    .update(`${tenant}/${identityText(producer, seq)}`)
    .digest();
  return Number(hash.readBigUInt64BE(0) >> BigInt(64 - ID_BITS));
}

/** Within the 32 bits of the field, whatever the record says: one that does not fit would fail the whole page. */
function wholeMs(nanos: bigint): number {
  return Math.min(Math.max(Math.round(Number(nanos) / NANOS_PER_MS), 0), INT32_MAX);
}
