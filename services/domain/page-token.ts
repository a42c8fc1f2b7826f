import { createHash } from "node:crypto";
import { LogPulseError } from "./errors.ts";

const FORM = /^([0-9a-f]{16})\.(.*)$/;

/**
 * Where the next page begins, bound to the query: URL-safe and opaque to callers.
 *
 * `query`: all conditions; any object that becomes the same JSON (64-bit integers as text) for the same conditions.
 * `place`: characters of Latin-1 that the caller reads again.
 */
export function sealPageToken(query: object, place: string): string {
  return Buffer.from(`${queryHash(query)}.${place}`, "latin1").toString("base64url");
}

/**
 * The place of a token that `sealPageToken` made for the same query; `read` makes of it what the caller needs, or
 * undefined where it is no place.
 *
 * @throws LogPulseError `invalid_request` for any other text, and for a token of another query.
 */
export function openPageToken<Place>(query: object, token: string, read: (place: string) => Place | undefined): Place {
  const parts = FORM.exec(Buffer.from(token, "base64url").toString("latin1"));
  const place = parts ? read(parts[2]!) : undefined;
  if (!parts || place === undefined) throw invalid("is not a token that this server gave out");
  if (parts[1] !== queryHash(query)) throw invalid("belongs to a query with other conditions");
  return place;
}

function queryHash(query: object): string {
  const canonical = JSON.stringify(query, (_key, value) => (typeof value === "bigint" ? String(value) : value));
  return createHash("sha256").update(canonical).digest("hex").slice(0, 16);
}

function invalid(reason: string): LogPulseError {
  return new LogPulseError("invalid_request", `page_token ${reason}; begin again without one`, {
    metadata: { field: "page_token" },
  });
}
