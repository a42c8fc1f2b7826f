import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type StatsCoverage,
  StatsCoverageSchema,
  StatsGrouping,
  StatsStep,
} from "../../gen/logpulse/v1/stats_service_pb.ts";
import { msToNanos, nanosToTimestamp } from "../../services/domain/record-time.ts";
import type { CommandContext } from "../command.ts";
import type { StatsQuestion } from "./read-stats-question.ts";

/** A time of the test's day, of the form "10:42". */
export const at = (time: string) => nanosToTimestamp(msToNanos(Date.parse(`2026-03-01T${time}:00Z`)));

/** 10:42:07 of that day. */
export const NOW_MS = Date.parse("2026-03-01T10:42:07Z");

/** A question without groups, pieces and the time before. */
export const QUESTION: StatsQuestion = {
  request: { step: StatsStep.NONE, grouping: StatsGrouping.NONE },
  hasServices: false,
  hasPaths: false,
  hasTimes: false,
  hasPrevious: false,
};

/** The part of a context that reads options; times are UTC. */
export const contextOf = (options: Record<string, string>): CommandContext =>
  ({ options, words: [], nowMs: () => NOW_MS, terminal: { zone: "utc" } }) as unknown as CommandContext;

/** Of the hour before NOW_MS. */
export const coverageOf = (more: MessageInitShape<typeof StatsCoverageSchema> = {}): StatsCoverage =>
  create(StatsCoverageSchema, {
    startTime: at("09:42"),
    endTime: at("10:43"),
    watermark: nanosToTimestamp(msToNanos(NOW_MS - 1_500)),
    recordsCounted: 88_204,
    method: "exact counts",
    ...more,
  });
