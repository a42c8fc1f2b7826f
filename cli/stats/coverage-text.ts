import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { StatsCoverage } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { nanosToMs, timestampToNanos } from "../../services/domain/record-time.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { fullCountText } from "../terminal/number-text.ts";
import { briefTime, type Zone, zoneText } from "../time-text.ts";
import type { StatsQuestion } from "./read-stats-question.ts";

/** What the figures rest on, and how far they can be trusted: lines for people. */
export function coverageLines(
  coverage: StatsCoverage,
  groupsTold: number,
  question: StatsQuestion,
  nowMs: number,
  zone: Zone,
): string[] {
  const { startTime, endTime, watermark, recordsCounted, method, maxRelativeError, groupsTotal } = coverage;
  const shown = (time: Timestamp) => briefTime(msOf(time), nowMs, zone);
  const requests = `${fullCountText(recordsCounted)} requests counted`;
  const range = `from ${shown(startTime!)} to ${shown(endTime!)} (${zoneText(msOf(startTime!), zone)})`;
  const complete = watermark ? `complete to ${shown(watermark)}` : "until when it is complete, nobody can say now";
  const error = maxRelativeError > 0 ? `; estimates are within ${Number((maxRelativeError * 100).toFixed(2))} %` : "";
  const lines = [`-- ${requests} ${range}; ${complete}`, `-- ${drawnText(method)}${error}`];
  if (groupsTotal > groupsTold) {
    const all = `${fullCountText(groupsTold)} of ${fullCountText(groupsTotal)} ${groupsName(question)}`;
    lines.unshift(`-- ${all}, the busiest; --limit N for more`);
  }
  return lines;
}

function groupsName({ hasServices, hasPaths }: StatsQuestion): string {
  if (hasServices && hasPaths) return "pairs of service and path";
  return hasServices ? "services" : "paths";
}

function msOf(time: Timestamp): number {
  return nanosToMs(timestampToNanos(time));
}
