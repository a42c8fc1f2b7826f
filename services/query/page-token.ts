import { createHash } from "node:crypto";
import { LogPulseError } from "../domain/errors.ts";
import { SEQ_MAX } from "../domain/limits.ts";
import type { SortKey } from "../domain/stored-record.ts";
import type { LogQuery } from "../ports/log-search.ts";

const FORM = /^([0-9a-f]{16})\.([0-9]{1,19})\.([0-9a-f]{32})\.([0-9]{1,16})$/;

/** Where the next page begins: the last record of this one, bound to the query. URL-safe and opaque to callers. */
export function pageToken(query: LogQuery, last: SortKey): string {
  const text = `${queryHash(query)}.${last.timeNanos}.${last.producer}.${last.seq}`;
  return Buffer.from(text).toString("base64url");
}

/**
 * Reads a token that `pageToken` made for the same query.
 *
 * @throws LogPulseError `invalid_request` for any other text, and for a token of another query.
 */
export function parsePageToken(query: LogQuery, token: string): SortKey {
  const parts = FORM.exec(Buffer.from(token, "base64url").toString("latin1"));
  const seq = Number(parts?.[4]);
  if (!parts || seq > SEQ_MAX || BigInt(parts[2]!) >= 2n ** 63n) {
    throw invalid("is not a token that this server gave out");
  }
  if (parts[1] !== queryHash(query)) throw invalid("belongs to a query with other conditions");
  return { timeNanos: BigInt(parts[2]!), producer: parts[3]!, seq };
}

function queryHash(query: LogQuery): string {
  const canonical = JSON.stringify(query, (_key, value) => (typeof value === "bigint" ? String(value) : value));
  return createHash("sha256").update(canonical).digest("hex").slice(0, 16);
}

function invalid(reason: string): LogPulseError {
  return new LogPulseError("invalid_request", `page_token ${reason}; begin again without one`, {
    metadata: { field: "page_token" },
  });
}
