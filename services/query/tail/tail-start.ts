import { conditionMatcher } from "../../domain/condition-matcher.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { msToNanos, nanosToMs } from "../../domain/record-time.ts";
import { requirePositionIn, type TailPlace, type TailPosition } from "../../domain/tail-cursor.ts";
import type { HistoryReadings } from "./history-readings.ts";
import type { LiveLog, TailParts } from "./live-log.ts";
import { isBefore } from "./passed-places.ts";
import type { TailRequest } from "./read-tail-request.ts";
import type { TailAsked } from "./tail.ts";

/**
 * Where a tail begins and ends in this log.
 *
 * "Now" is where the live log stands: what had come just before, and was not handed to anybody yet, is shown.
 *
 * @throws LogPulseError `invalid_request`: a cursor does not fit this log. `log_unavailable`. The signal's reason.
 */
export async function tailStart(
  { follower, clock }: TailParts,
  live: LiveLog,
  readings: HistoryReadings,
  tenant: string,
  request: TailRequest,
  signal: AbortSignal,
): Promise<TailAsked> {
  const { condition, cursor, until, historyNanos, messageBytesMax } = request;
  if (cursor) await requireInLog("cursor", cursor, live, signal);
  if (until) await requireInLog("until_cursor", until, live, signal);
  const sinceNanos = historyNanos > 0n ? msToNanos(clock.nowMs()) - historyNanos : undefined;
  const endsAtStart = live.places;
  const placesAt = (nanos: bigint) =>
    readings.read(() => follower.placesAt(Math.max(0, nanosToMs(nanos)), signal), signal);
  const places = sinceNanos === undefined ? endsAtStart : (await placesAt(sinceNanos)).map(Number);
  const start = cursor?.places ?? places.map((offset) => ({ offset, index: 0 }));
  const matches = conditionMatcher(condition);
  return { tenant, condition, matches, start, until: until?.places, sinceNanos, endsAtStart, messageBytesMax };
}

/** Asks the log only where the live log does not know the place: a cursor of another process may be ahead of it. */
async function requireInLog(field: string, position: TailPosition, live: LiveLog, signal: AbortSignal): Promise<void> {
  if (position.logId === live.logId && position.places.length === live.places.length) {
    const isKnown = position.places.every((place, partition) => !isBefore(endOf(live, partition), place));
    if (isKnown) return;
  }
  requirePositionIn(field, position, await live.extent(signal));
  if (live.failure !== undefined) throw new LogPulseError("log_unavailable", "it is another log now");
}

function endOf(live: LiveLog, partition: number): TailPlace {
  return { offset: live.places[partition]!, index: 0 };
}
