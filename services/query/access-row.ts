import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { type AccessRow, AccessRowSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { identityText } from "../domain/identity.ts";
import type { StoredRecord } from "../domain/stored-record.ts";

const ID_BITS = 49; // Exact as a JSON number everywhere, with room to spare.

/** An access record in the dashboard's shape. */
export function accessRow(tenant: string, stored: StoredRecord): AccessRow {
  const http = stored.record.http;
  return create(AccessRowSchema, {
    id: displayId(tenant, stored.producer, stored.seq),
    timestamp: stored.record.time,
    ip: http?.clientIp,
    method: http?.method,
    path: http?.path,
    status: http?.status,
    latencyMs: http?.latency ? wholeMs(http.latency) : 0,
  });
}

/** The first 49 bits of the SHA-256 of the identity: for display only, two rows may share one. */
export function displayId(tenant: string, producer: string, seq: number): number {
  const hash = createHash("sha256")
    .update(`${tenant}/${identityText(producer, seq)}`)
    .digest();
  return Number(hash.readBigUInt64BE(0) >> BigInt(64 - ID_BITS));
}

function wholeMs(duration: Duration): number {
  return Math.round(Number(duration.seconds) * 1000 + duration.nanos / 1_000_000);
}
