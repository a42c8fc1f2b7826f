import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { StatsQuestion } from "./read-stats-question.ts";

/** Figures of a piece of time. */
interface StatsPoint<Figures> {
  startTime?: Timestamp;
  figures?: Figures;
}

/** The part of an answer that makes its table: the answers to all three questions have it. */
export interface StatsFigures<Figures> {
  all?: Figures;
  previous?: Figures;
  points: readonly StatsPoint<Figures>[];
  groups: readonly {
    service: string;
    path: string;
    all?: Figures;
    previous?: Figures;
    points: readonly StatsPoint<Figures>[];
  }[];
}

/** One row of a table. */
export interface StatsRow<Figures> {
  /** Undefined where the row is of all services; "" is a group too, of requests that name none. */
  service?: string;
  path?: string;
  time?: Timestamp;
  figures?: Figures;
  previous?: Figures;
}

/**
 * Groups, the busiest first, each cut into pieces of time where these were asked for; without groups, the pieces of all. The
 * last row is of all together.
 */
export function statsRows<Figures>(answer: StatsFigures<Figures>, question: StatsQuestion): StatsRow<Figures>[] {
  const total = { figures: answer.all, previous: answer.previous };
  if (!question.hasServices && !question.hasPaths)
    return [...(question.hasTimes ? pointRows({}, answer.points) : []), total];
  const groups = answer.groups.flatMap(({ service, path, all, previous, points }) =>
    question.hasTimes ? pointRows({ service, path }, points) : [{ service, path, figures: all, previous }],
  );
  return [...groups, total];
}

function pointRows<Figures>(
  group: { service?: string; path?: string },
  points: readonly StatsPoint<Figures>[],
): StatsRow<Figures>[] {
  return points.map(({ startTime, figures }) => ({ ...group, time: startTime, figures }));
}
