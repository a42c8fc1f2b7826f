import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type GetLatencyRequestSchema, StatsGrouping, StatsStep } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { STATS_GROUPS_MAX, STATS_MINUTES_MAX } from "../../services/domain/limits.ts";
import { msToNanos, nanosToTimestamp, timestampToNanos } from "../../services/domain/record-time.ts";
import { requireTime, timeOption } from "../asking/read-question.ts";
import type { CommandContext, OptionValues } from "../command.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { choiceOption, durationOption, filledTextOption, wholeNumberOption } from "../option-values.ts";

const RANGE_MS_USUAL = 3_600_000;
const MINUTE_MS = 60_000;

const GROUPINGS = {
  service: StatsGrouping.SERVICE,
  path: StatsGrouping.PATH,
  "service,path": StatsGrouping.SERVICE_AND_PATH,
} as const;
const STEPS = { minute: StatsStep.MINUTE, hour: StatsStep.HOUR, day: StatsStep.DAY } as const;

/** What all three questions of StatsService take. */
export type StatsRequest = Omit<MessageInitShape<typeof GetLatencyRequestSchema>, "$typeName" | "$unknown">;

/** What is asked, and what its table needs to know of that. */
export interface StatsQuestion {
  request: StatsRequest;
  hasServices: boolean;
  hasPaths: boolean;
  hasTimes: boolean;
  hasPrevious: boolean;
}

/** Reads the options of `logpulse stats`. @throws CommandFailure naming option, value and what is wanted. */
export function readStatsQuestion(context: CommandContext): StatsQuestion {
  const { options } = context;
  const grouping = choice(options, "by", GROUPINGS) ?? StatsGrouping.NONE;
  const step = choice(options, "step", STEPS) ?? StatsStep.NONE;
  const hasPrevious = choiceOption(options, "compare", ["previous"]) !== undefined;
  if (hasPrevious && step !== StatsStep.NONE) {
    throw new CommandFailure(
      EXIT.usage,
      "--step and --compare do not go together",
      "The whole time is compared, not its pieces: ask for the pieces of the time before with --from and --to.",
    );
  }
  const groupsMax = wholeNumberOption(options, "limit", 1, STATS_GROUPS_MAX);
  if (groupsMax !== undefined && grouping === StatsGrouping.NONE) {
    throw new CommandFailure(EXIT.usage, "--limit is how many groups there are at most; it needs --by");
  }
  return {
    request: {
      ...readTimes(context),
      step,
      grouping,
      service: filledTextOption(options, "service", "a name"),
      path: filledTextOption(options, "path", "a path"),
      groupsMax,
      previousPeriod: hasPrevious,
    },
    hasServices: grouping === StatsGrouping.SERVICE || grouping === StatsGrouping.SERVICE_AND_PATH,
    hasPaths: grouping === StatsGrouping.PATH || grouping === StatsGrouping.SERVICE_AND_PATH,
    hasTimes: step !== StatsStep.NONE,
    hasPrevious,
  };
}

function choice<Value>(
  options: OptionValues,
  name: string,
  values: Readonly<Record<string, Value>>,
): Value | undefined {
  const word = choiceOption(options, name, Object.keys(values));
  return word === undefined ? undefined : values[word];
}

function readTimes(context: CommandContext): { startTime: Timestamp; endTime: Timestamp } {
  const rangeMs = durationOption(context.options, "range", MINUTE_MS, STATS_MINUTES_MAX * MINUTE_MS);
  const from = timeOption(context, "from");
  if (rangeMs !== undefined && from !== undefined) {
    throw new CommandFailure(EXIT.usage, "--range and --from do not go together", "--range is the time before --to.");
  }
  const endTime = timeOption(context, "to") ?? requireTime(context, "to", "now");
  const startTime = from ?? before(endTime, rangeMs ?? RANGE_MS_USUAL);
  if (timestampToNanos(startTime) < timestampToNanos(endTime)) return { startTime, endTime };
  throw new CommandFailure(EXIT.usage, "--to is not later than --from, so nothing can lie between them");
}

/** The server counts the minutes in which the time begins and ends as whole ones: the longest range is a minute shorter. */
function before(time: Timestamp, ms: number): Timestamp {
  const nanos = timestampToNanos(time) - msToNanos(Math.min(ms, (STATS_MINUTES_MAX - 1) * MINUTE_MS));
  return nanosToTimestamp(nanos < 0n ? 0n : nanos);
}
