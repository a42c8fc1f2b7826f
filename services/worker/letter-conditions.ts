import { type DeadLetterFilter, DeadLetterState } from "../../gen/logpulse/v1/admin_service_pb.ts";
import { parseIdentity } from "../domain/identity.ts";
import { DEAD_LETTER_ORIGINAL_BYTES_DEFAULT, DEAD_LETTER_ORIGINAL_BYTES_MAX } from "../domain/limits.ts";
import { openPageToken, sealPageToken } from "../domain/page-token.ts";
import { boundedText, boundedTime, invalidField, readPageToken } from "../domain/request-fields.ts";
import type { LetterPlace, LetterQuery, LetterState } from "../ports/dead-letter-table.ts";

const KEY = /^[0-9a-f]{64}$/;
const PLACE = /^([0-9]{1,15})\.([0-9a-f]{64})$/;
const NANOS_PER_MS = 1_000_000n;

/** A state as the contract has it; in a filter UNSPECIFIED is any. */
const STATES: Readonly<Record<DeadLetterState, LetterState | undefined>> = {
  [DeadLetterState.UNSPECIFIED]: undefined,
  [DeadLetterState.OPEN]: "open",
  [DeadLetterState.STORED]: "stored",
  [DeadLetterState.EXPIRED]: "expired",
};

/** Reads which letters are meant; no filter means all. @throws LogPulseError `invalid_request` naming field and value. */
export function readLetterQuery(tenant: string, filter: DeadLetterFilter | undefined): LetterQuery {
  if (filter === undefined) return { tenant };
  const fromMs = readTimeMs("filter.start_time", filter.startTime);
  const toMs = readTimeMs("filter.end_time", filter.endTime);
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
    throw invalidField("filter.end_time", "lies before filter.start_time");
  }
  return {
    tenant,
    store: boundedText("filter.store", filter.store) || undefined,
    reason: boundedText("filter.reason", filter.reason) || undefined,
    id: readId(filter.id),
    key: readKey(filter.key),
    state: readState(filter.state),
    fromMs,
    toMs,
  };
}

/** How many bytes of each original to send. @throws LogPulseError `invalid_request` outside of what an answer holds. */
export function readOriginalBytesMax(bytes: number | undefined): number {
  if (bytes === undefined) return DEAD_LETTER_ORIGINAL_BYTES_DEFAULT;
  if (bytes >= 0 && bytes <= DEAD_LETTER_ORIGINAL_BYTES_MAX) return bytes;
  const wanted = `it must be a number from 0 to ${DEAD_LETTER_ORIGINAL_BYTES_MAX}`;
  throw invalidField("original_bytes_max", `is ${bytes}; ${wanted}`);
}

/** The token for what comes behind that place. `query`: as `readLetterQuery` makes it, for `readLetterPlace` too. */
export function letterPageToken(query: LetterQuery, { listedMs, key }: LetterPlace): string {
  return sealPageToken(query, `${listedMs}.${key}`);
}

/** Where a page begins; undefined for the first one. @throws LogPulseError `invalid_request` for a token not ours. */
export function readLetterPlace(query: LetterQuery, pageToken: string): LetterPlace | undefined {
  const token = readPageToken(pageToken);
  if (token === undefined) return undefined;
  return openPageToken(query, token, (place) => {
    const parts = PLACE.exec(place);
    return parts ? { listedMs: Number(parts[1]), key: parts[2]! } : undefined;
  });
}

/** The state in the contract's words. */
export function stateInContract(state: LetterState): DeadLetterState {
  return { open: DeadLetterState.OPEN, stored: DeadLetterState.STORED, expired: DeadLetterState.EXPIRED }[state];
}

function readId(id: string): string | undefined {
  if (id === "") return undefined;
  parseIdentity(id, "filter.id");
  return id;
}

function readKey(key: string): string | undefined {
  if (key === "") return undefined;
  if (!KEY.test(key)) {
    throw invalidField("filter.key", `is "${key.slice(0, 100)}"; it must be 64 hexadecimal digits, as in a list`);
  }
  return key;
}

function readState(state: DeadLetterState): LetterState | undefined {
  if (!Object.hasOwn(STATES, state)) {
    throw invalidField("filter.state", `is ${state}; it must be one of OPEN (1), STORED (2), EXPIRED (3)`);
  }
  return STATES[state];
}

/** Letters are listed at whole milliseconds: the first of them that is not before the time. */
function readTimeMs(field: string, time: DeadLetterFilter["startTime"]): number | undefined {
  const nanos = boundedTime(field, time);
  return nanos === undefined ? undefined : Number((nanos + NANOS_PER_MS - 1n) / NANOS_PER_MS);
}
