import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { GetLatencyRequestSchema, StatsGrouping, StatsStep } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { STATS_MINUTES_MAX } from "../../services/domain/limits.ts";
import { nanosToText, timestampToNanos } from "../../services/domain/record-time.ts";
import { readQuestion } from "../../services/stats/stats-question.ts";
import { CommandFailure } from "../exit-code.ts";
import { readStatsQuestion } from "./read-stats-question.ts";
import { contextOf, NOW_MS } from "./stats.fixture.ts";

const read = (options: Record<string, string>) => readStatsQuestion(contextOf(options));
const times = (options: Record<string, string>) => {
  const { startTime, endTime } = read(options).request;
  return [startTime, endTime].map((time) => nanosToText(timestampToNanos(time as Timestamp)).replace(".000000000", ""));
};

describe("what stats asks for", () => {
  it.each<[Record<string, string>, string, string]>([
    [{}, "2026-03-01T09:42:07Z", "2026-03-01T10:42:07Z"],
    [{ range: "24h" }, "2026-02-28T10:42:07Z", "2026-03-01T10:42:07Z"],
    [{ range: "15m", to: "10:00" }, "2026-03-01T09:45:00Z", "2026-03-01T10:00:00Z"],
    [{ from: "-2h" }, "2026-03-01T08:42:07Z", "2026-03-01T10:42:07Z"],
    [{ from: "2026-02-01", to: "2026-02-02" }, "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"],
    [{ range: "3h", to: "1970-01-01T01:00:00Z" }, "1970-01-01T00:00:00Z", "1970-01-01T01:00:00Z"],
  ])("%j is of this time", (options, start, end) => expect(times(options)).toEqual([start, end]));

  it.each([NOW_MS, NOW_MS - (NOW_MS % 60_000), NOW_MS + 52_999])(
    "may be as long as the server takes it (%d)",
    (nowMs) => {
      const context = { ...contextOf({ range: "366d" }), nowMs: () => nowMs };
      const { request } = readStatsQuestion(context);
      const { selection } = readQuestion(create(GetLatencyRequestSchema, request), "default", nowMs);
      expect(selection.toMinute - selection.fromMinute + 1).toBeGreaterThanOrEqual(STATS_MINUTES_MAX - 1);
    },
  );

  it.each<[Record<string, string>, object]>([
    [{}, { request: { grouping: StatsGrouping.NONE, step: StatsStep.NONE, previousPeriod: false }, hasTimes: false }],
    [{ by: "service" }, { request: { grouping: StatsGrouping.SERVICE }, hasServices: true, hasPaths: false }],
    [
      { by: "path", limit: "25" },
      { request: { grouping: StatsGrouping.PATH, groupsMax: 25 }, hasPaths: true },
    ],
    [
      { by: "service,path" },
      { request: { grouping: StatsGrouping.SERVICE_AND_PATH }, hasServices: true, hasPaths: true },
    ],
    [{ step: "minute" }, { request: { step: StatsStep.MINUTE }, hasTimes: true }],
    [{ step: "hour" }, { request: { step: StatsStep.HOUR } }],
    [{ step: "day" }, { request: { step: StatsStep.DAY } }],
    [{ service: "auth", path: "/login" }, { request: { service: "auth", path: "/login" } }],
    [{ compare: "previous" }, { request: { previousPeriod: true }, hasPrevious: true }],
  ])("%j", (options, expected) => expect(read(options)).toMatchObject(expected));

  it.each<[Record<string, string>, string]>([
    [{ by: "status" }, '--by is "status"; it must be one of service, path, service,path'],
    [{ by: "toString" }, '--by is "toString"'],
    [{ step: "week" }, '--step is "week"'],
    [{ step: "hour", compare: "previous" }, "--step and --compare do not go together"],
    [{ service: "" }, '--service is ""; it must be a name; without --service all are meant'],
    [{ path: "" }, '--path is ""; it must be a path'],
    [{ compare: "" }, '--compare is ""; it must be previous'],
    [{ compare: "yesterday" }, '--compare is "yesterday"; it must be previous'],
    [{ limit: "5" }, "--limit is how many groups there are at most; it needs --by"],
    [{ by: "path", limit: "1001" }, '--limit is "1001"'],
    [{ range: "1h", from: "-2h" }, "--range and --from do not go together"],
    [{ range: "10s" }, '--range is "10s"'],
    [{ from: "10:42", to: "10:00" }, "--to is not later than --from"],
    [{ from: "lately" }, '--from is "lately"'],
  ])("%j is refused", (options, expected) => {
    expect(() => read(options)).toThrow(CommandFailure);
    expect(() => read(options)).toThrow(expected);
  });
});
