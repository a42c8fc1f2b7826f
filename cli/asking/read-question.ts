import { create } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import {
  type Filter,
  FilterSchema,
  NumberCondition_Field,
  TextCondition_Field,
} from "../../gen/logpulse/v1/filter_pb.ts";
import type { Order } from "../../gen/logpulse/v1/query_service_pb.ts";
import { RECORD_TIME_NANOS_MAX } from "../../services/domain/limits.ts";
import { nearestName } from "../../services/domain/nearest-name.ts";
import { nanosToTimestamp } from "../../services/domain/record-time.ts";
import { severityRangeOfWord } from "../../services/domain/severity.ts";
import type { CommandContext, OptionValues } from "../command.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { textOption, wrongValue } from "../option-values.ts";
import { readTime, TIME_FORMS } from "../time-text.ts";
import { LEVELS } from "./condition-options.ts";

/** Which records: both conditions hold. */
export interface Conditions {
  query: string;
  filter: Filter | undefined;
}

/** Which records of which time come in which order. */
export interface AskedRecords extends Conditions {
  startTime: Timestamp | undefined;
  endTime: Timestamp | undefined;
  order: Order;
}

/** What the words, `--level` and `--service` ask for. @throws CommandFailure for a level that is none. */
export function readConditions(words: readonly string[], options: OptionValues): Conditions {
  const filters = [levelFilter(textOption(options, "level")), serviceFilter(textOption(options, "service"))].filter(
    (filter) => filter !== undefined,
  );
  const filter = create(FilterSchema, { condition: { case: "all", value: { filters } } });
  return { query: words.join(" "), filter: filters.length === 0 ? undefined : filter };
}

/** The option's time; undefined where it was not given. @throws CommandFailure where it is none. */
export function timeOption(context: CommandContext, name: string): Timestamp | undefined {
  const text = textOption(context.options, name);
  return text === undefined ? undefined : requireTime(context, name, text);
}

/** The time that the text means. @throws CommandFailure that names the option. */
export function requireTime({ nowMs, terminal }: CommandContext, name: string, text: string): Timestamp {
  const nanos = readTime(text, nowMs(), terminal.zone);
  if (nanos === undefined) throw wrongValue(name, text, `a time: ${TIME_FORMS}`);
  if (nanos >= 0n && nanos <= RECORD_TIME_NANOS_MAX) return nanosToTimestamp(nanos);
  throw wrongValue(name, text, "a time from 1970 to 2262-04-11");
}

function levelFilter(word: string | undefined): Filter | undefined {
  if (word === undefined) return undefined;
  const range = severityRangeOfWord(word);
  if (range === undefined) {
    const meant = nearestName(word, LEVELS);
    const question = meant ? `; did you mean ${meant}?` : "";
    throw new CommandFailure(
      EXIT.usage,
      `--level is "${word}"; it must be one of ${LEVELS.join(", ")}${question}`,
      "A level of another name is asked for in the query: level:NAME",
    );
  }
  return create(FilterSchema, {
    condition: { case: "number", value: { field: NumberCondition_Field.SEVERITY, min: BigInt(range.min) } },
  });
}

function serviceFilter(service: string | undefined): Filter | undefined {
  if (service === undefined) return undefined;
  if (service === "")
    throw wrongValue("service", service, "a name; records without one are found by the query -service:*");
  return create(FilterSchema, {
    condition: {
      case: "text",
      value: { field: TextCondition_Field.SERVICE, test: { case: "equals", value: service } },
    },
  });
}
