import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type StoredLog, StoredLogSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { identityText, parseIdentity } from "../domain/identity.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import type { StoredRecord } from "../domain/stored-record.ts";
import type { Cache } from "../ports/cache.ts";
import type { LogLookup } from "../ports/log-lookup.ts";
import type { CallContext } from "../ports/service-handlers.ts";

/**
 * One record by its identity: the cache first, then the store, which fills the cache. A miss is never cached, since a
 * record that is not stored yet is stored a second later.
 *
 * @throws LogPulseError `invalid_request` for an id of another form, `not_found`, `store_unavailable`.
 */
export async function cachedLookup(
  lookup: LogLookup,
  cache: Cache,
  ttlMs: number,
  id: string,
  context: CallContext,
): Promise<StoredLog> {
  const identity = parseIdentity(id);
  const key = `log/${context.tenant}/${id}`;
  const cached = await cache.get(key);
  if (cached) return fromBinary(StoredLogSchema, cached);
  const stored = await lookup.get(context.tenant, identity, context.signal);
  if (!stored) {
    const message = `no record ${id} is stored; a new record can be found about a second after it was accepted`;
    throw new LogPulseError("not_found", message, { metadata: { id } });
  }
  const log = storedLog(stored);
  await cache.set(key, toBinary(StoredLogSchema, log), ttlMs);
  return log;
}

/** A stored record in the contract's shape. */
export function storedLog(stored: StoredRecord): StoredLog {
  return create(StoredLogSchema, {
    id: identityText(stored.producer, stored.seq),
    record: stored.record,
    receivedTime: nanosToTimestamp(stored.receivedNanos),
  });
}
