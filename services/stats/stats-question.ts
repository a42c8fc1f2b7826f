import type { GetLatencyRequest } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { StatsGrouping as Grouping, StatsStep } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { STATS_CELLS_MAX, STATS_GROUPS_DEFAULT, STATS_GROUPS_MAX, STATS_MINUTES_MAX } from "../domain/limits.ts";
import { msToNanos } from "../domain/record-time.ts";
import { boundedText, boundedTime, invalidField } from "../domain/request-fields.ts";
import { minuteOf } from "../domain/rollup.ts";
import type { StatsGrouping, StatsSelection } from "../ports/log-stats.ts";
import { piecesIn } from "./time-pieces.ts";

const HOUR_NANOS = 3_600_000_000_000n;
const MINUTE_NANOS = 60_000_000_000n;

const STEP_MINUTES: Partial<Record<StatsStep, number>> = {
  [StatsStep.MINUTE]: 1,
  [StatsStep.HOUR]: 60,
  [StatsStep.DAY]: 1_440,
};
const GROUPINGS: Partial<Record<Grouping, StatsGrouping>> = {
  [Grouping.SERVICE]: "service",
  [Grouping.PATH]: "path",
  [Grouping.SERVICE_AND_PATH]: "service_and_path",
};

/** What the three questions have in common: all of it. */
export type StatsRequest = Omit<GetLatencyRequest, "$typeName" | "$unknown">;

/** A question as it is asked of the store. */
export interface StatsQuestion {
  selection: StatsSelection;
  /** Undefined: the time is not cut. */
  stepMinutes: number | undefined;
  /** Undefined: there are no groups. */
  grouping: StatsGrouping | undefined;
  groupsMax: number;
  /** The same requests in the time of equal length before; undefined where it was not asked for. */
  previous: StatsSelection | undefined;
}

/** Reads a question. @throws LogPulseError `invalid_request` naming field, value and limit. */
export function readQuestion(request: StatsRequest, tenant: string, nowMs: number): StatsQuestion {
  const { fromMinute, toMinute } = readMinutes(request, nowMs);
  const selection: StatsSelection = {
    tenant,
    fromMinute,
    toMinute,
    service: boundedText("service", request.service) || undefined,
    path: readPath(request.path),
  };
  const question: StatsQuestion = {
    selection,
    stepMinutes: readChoice("step", request.step, STEP_MINUTES, StatsStep),
    grouping: readChoice("grouping", request.grouping, GROUPINGS, Grouping),
    groupsMax: readGroupsMax(request.groupsMax),
    previous: request.previousPeriod ? before(selection) : undefined,
  };
  refuseTooManyPieces(question);
  return question;
}

function readMinutes(request: StatsRequest, nowMs: number): { fromMinute: number; toMinute: number } {
  const end = boundedTime("end_time", request.endTime) ?? msToNanos(nowMs);
  const start = boundedTime("start_time", request.startTime) ?? end - HOUR_NANOS;
  if (start > end) {
    throw invalidField("start_time", request.endTime ? "lies behind end_time" : "lies in the future: end_time is now");
  }
  const fromMinute = minuteOf(start);
  const toMinute = minuteOf(end + MINUTE_NANOS - 1n) - 1;
  const minutes = toMinute - fromMinute + 1;
  if (minutes > STATS_MINUTES_MAX) {
    throw invalidField("start_time", `lies ${minutes} minutes before end_time; the limit is ${STATS_MINUTES_MAX}`);
  }
  return { fromMinute, toMinute };
}

/** Nothing is counted under a path with a query, so whoever asks for one would believe that it was never requested. */
function readPath(path: string): string | undefined {
  if (path.includes("?")) throw invalidField("path", 'has a "?": requests are counted by the path before it');
  return boundedText("path", path) || undefined;
}

function readGroupsMax(groupsMax: number): number {
  if (groupsMax < 0 || groupsMax > STATS_GROUPS_MAX) {
    throw invalidField("groups_max", `is ${groupsMax}; it must be from 1 to ${STATS_GROUPS_MAX}, or left out`);
  }
  return groupsMax || STATS_GROUPS_DEFAULT;
}

/** Undefined where nothing is chosen; numbers that the contract does not have are refused, as protobuf lets them pass. */
function readChoice<Value>(
  field: string,
  chosen: number,
  values: Partial<Record<number, Value>>,
  known: Readonly<Record<string, number>>,
): Value | undefined {
  if (!Object.values(known).includes(chosen))
    throw invalidField(field, `is ${chosen}, which is nothing that the contract has`);
  return values[chosen];
}

function before(selection: StatsSelection): StatsSelection {
  const { fromMinute, toMinute } = selection;
  return { ...selection, fromMinute: fromMinute - (toMinute - fromMinute + 1), toMinute: fromMinute - 1 };
}

/** Before anything is asked: each piece is a sum that has to be made, held and told. */
function refuseTooManyPieces({ selection, stepMinutes, grouping, groupsMax }: StatsQuestion): void {
  if (stepMinutes === undefined) return;
  const ofTime = piecesIn(selection, stepMinutes);
  const pieces = ofTime * (grouping ? 1 + groupsMax : 1);
  if (pieces <= STATS_CELLS_MAX) return;
  const ofGroups = grouping ? `, those of ${groupsMax} groups beside them: ${pieces} in all` : "";
  throw invalidField(
    "step",
    `cuts the time into ${ofTime} pieces${ofGroups}; the limit is ${STATS_CELLS_MAX}: ask for less time, a longer step ` +
      "or fewer groups",
  );
}
