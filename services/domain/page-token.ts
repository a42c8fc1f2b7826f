import { createHash } from "node:crypto";
import { LogPulseError } from "./errors.ts";

const FORM = /^([0-9a-f]{16})([0-9a-f]{8})\.(.*)$/s;

/**
 * Where the next page begins, bound to the query: URL-safe and opaque to callers.
 *
 * `query`: all conditions; any object that becomes the same JSON (64-bit integers as text) for the same conditions.
 * `place`: characters of Latin-1 that the caller reads again.
 */
export function sealPageToken(query: object, place: string): string {
  const hash = queryHash(query);
  return Buffer.from(`${hash}${checkOf(hash, place)}.${place}`, "latin1").toString("base64url");
}

/**
 * The place of a token that `sealPageToken` made for the same query; `read` makes of it what the caller needs, or
 * undefined where it is no place. `field`: where the caller gave it.
 *
 * @throws LogPulseError `invalid_request` for any other text, and for a token of another query.
 */
export function openPageToken<Place>(
  query: object,
  token: string,
  read: (place: string) => Place | undefined,
  field = "page_token",
): Place {
  const bytes = Buffer.from(token, "base64url");
  const parts = FORM.exec(bytes.toString("latin1"));
  // A lenient reader would take a token with something put into it or behind it.
  const isWhole = bytes.toString("base64url") === token && parts?.[2] === checkOf(parts?.[1] ?? "", parts?.[3] ?? "");
  const place = parts && isWhole ? read(parts[3]!) : undefined;
  if (!parts || place === undefined) throw invalid(field, "is not a token that this server gave out");
  if (parts[1] !== queryHash(query)) throw invalid(field, "belongs to a query with other conditions");
  return place;
}

/** Against accidents and playing around; it is no secret. */
function checkOf(hash: string, place: string): string {
  return createHash("sha256").update(`${hash}.${place}`).digest("hex").slice(0, 8);
}

function queryHash(query: object): string {
  const canonical = JSON.stringify(query, (_key, value) => (typeof value === "bigint" ? String(value) : value));
  return createHash("sha256").update(canonical).digest("hex").slice(0, 16);
}

function invalid(field: string, reason: string): LogPulseError {
  return new LogPulseError("invalid_request", `${field} ${reason}; begin again without one`, { metadata: { field } });
}
