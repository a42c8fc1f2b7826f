import { create, type DescMessage, type MessageInitShape, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { StatsCoverageSchema } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { ANSWER_BYTES_MAX, STATS_COUNTS_TOLD_MAX } from "../domain/limits.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import type { StatsGroup, StatsSelection } from "../ports/log-stats.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { groupingOf, groupKey } from "../ports/stats-cells.ts";
import { addSum, type RequestSum, RequestSums } from "./request-sums.ts";
import type { StatsParts } from "./stats-parts.ts";
import { readQuestion, type StatsRequest } from "./stats-question.ts";

const MINUTE_NANOS = 60_000_000_000n;

/** One kind of figures: what they are told of. */
export interface Statistic<Figures> {
  /** Whether they tell of distinct addresses. */
  countsClients: boolean;
  figures(sum: RequestSum): Figures;
  /** In words: what the figures are made of. */
  method: string;
  /** How many counts the figures of a sum tell, where that has no bound of its own. */
  countsTold?(sum: RequestSum): number;
  /** As in StatsCoverage. */
  maxRelativeError(selection: StatsSelection): number;
}

interface Point<Figures> {
  startTime: Timestamp;
  figures: Figures;
}

interface Group<Figures> {
  service: string;
  path: string;
  all: Figures;
  previous: Figures | undefined;
  points: Point<Figures>[];
}

/** What the answers to the three questions have in common: all of it. */
export interface StatsAnswer<Figures> {
  coverage: MessageInitShape<typeof StatsCoverageSchema>;
  all: Figures;
  previous: Figures | undefined;
  points: Point<Figures>[];
  groups: Group<Figures>[];
}

/** The sum over a group, or over all requests, and the figures of its pieces of time. */
interface Told<Figures> {
  sum: RequestSum;
  points: Point<Figures>[];
}

/**
 * Answers one question.
 *
 * @throws LogPulseError `invalid_request`; those of LogStats; `query_too_costly` where it would take too many looks.
 */
export async function answerStats<Figures>(
  parts: StatsParts,
  statistic: Statistic<Figures>,
  request: StatsRequest,
  { tenant, signal }: CallContext,
): Promise<StatsAnswer<Figures>> {
  const { selection, stepMinutes, grouping, groupsMax, previous } = readQuestion(request, tenant, parts.clock.nowMs());
  const watermark = await parts.watermark.read(); // Before the store is asked: what is counted then is no less.
  const failed = new AbortController();
  const sums = new RequestSums(parts, statistic.countsClients, AbortSignal.any([signal, failed.signal]));
  // Side by side: what groups there are is half of the work of asking for them. Where one fails, none of the others goes on.
  const giveUp = (reason: unknown) => {
    failed.abort(reason);
    throw reason;
  };
  const [all, allBefore, busiest] = await Promise.all([
    tell(sums, statistic, selection, stepMinutes),
    previous && tell(sums, statistic, previous),
    grouping && sums.busiest(selection, grouping, groupsMax),
  ]).catch(giveUp);
  const [ofGroup, ofGroupBefore] = await Promise.all([
    busiest && tell(sums, statistic, selection, stepMinutes, busiest.groups),
    busiest && previous && tell(sums, statistic, previous, undefined, busiest.groups),
  ]).catch(giveUp);
  const { sum, points } = all();
  return {
    coverage: {
      startTime: timeOf(selection.fromMinute),
      endTime: timeOf(selection.toMinute + 1),
      watermark: watermark === undefined ? undefined : nanosToTimestamp(watermark),
      recordsCounted: sum.tally.requests,
      method: statistic.method,
      maxRelativeError: statistic.maxRelativeError(selection),
      groupsTotal: busiest?.total ?? 0,
    },
    all: statistic.figures(sum),
    previous: allBefore && statistic.figures(allBefore().sum),
    points,
    groups: (busiest?.groups ?? []).map((group) => ({
      service: group.service ?? "",
      path: group.path ?? "",
      all: statistic.figures(ofGroup!(group).sum),
      previous: ofGroupBefore && statistic.figures(ofGroupBefore(group).sum),
      points: ofGroup!(group).points,
    })),
  };
}

/** Asks for the sums of groups, or of all requests; what was found is told of each. */
async function tell<Figures>(
  sums: RequestSums,
  statistic: Statistic<Figures>,
  selection: StatsSelection,
  stepMinutes?: number,
  groups?: readonly StatsGroup[],
): Promise<(group?: StatsGroup) => Told<Figures>> {
  const grouping = groups?.[0] && groupingOf(groups[0]);
  const found = new Map<string, { sum: RequestSum; pieces: Map<number, Figures> }>();
  let countsTold = 0;
  const ofGroup = (group: StatsGroup | undefined) => {
    const key = groupKey(group);
    const told = found.get(key) ?? { sum: sums.empty(selection, grouping), pieces: new Map<number, Figures>() };
    found.set(key, told);
    return told;
  };
  await sums.each(selection, stepMinutes, groups, ({ group, minute, sum }) => {
    const told = ofGroup(group);
    addSum(told.sum, sum);
    if (stepMinutes === undefined) return;
    told.pieces.set(minute, statistic.figures(sum));
    countsTold += statistic.countsTold?.(sum) ?? 0;
    if (countsTold > STATS_COUNTS_TOLD_MAX) throw tooLong(`have more than ${STATS_COUNTS_TOLD_MAX} counts`);
  });
  return (group) => {
    const { sum, pieces } = ofGroup(group);
    const oldestFirst = [...pieces].sort(([a], [b]) => a - b);
    return { sum, points: oldestFirst.map(([minute, figures]) => ({ startTime: timeOf(minute), figures })) };
  };
}

/** The answer as a message. @throws LogPulseError `invalid_request` where it would be longer than clients take. */
export function answerMessage<Desc extends DescMessage>(
  schema: Desc,
  answer: MessageInitShape<Desc>,
): MessageShape<Desc> {
  const message = create(schema, answer);
  const bytes = toBinary(schema, message).length;
  if (bytes <= ANSWER_BYTES_MAX) return message;
  throw tooLong(`be ${bytes} bytes long; the limit is ${ANSWER_BYTES_MAX}`);
}

function tooLong(what: string): LogPulseError {
  const advice = "ask for less time, a longer step or fewer groups";
  return new LogPulseError("invalid_request", `the answer would ${what}: ${advice}`);
}

function timeOf(minute: number): Timestamp {
  return nanosToTimestamp(BigInt(minute) * MINUTE_NANOS);
}
