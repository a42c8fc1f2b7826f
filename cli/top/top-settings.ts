import {
  TOP_INTERVAL_MS_DEFAULT,
  TOP_INTERVAL_MS_MAX,
  TOP_INTERVAL_MS_MIN,
  TOP_RANGE_DEFAULT,
  TOP_RANGE_MS_MAX,
  TOP_RANGE_MS_MIN,
} from "../../services/domain/limits.ts";
import type { OptionValues } from "../command.ts";
import { choiceOption, durationOption } from "../option-values.ts";
import type { TopGrouping } from "./ask-top.ts";
import { type SortKey, topColumns } from "./top-columns.ts";

/** What `logpulse top` is asked for. */
export interface TopSettings {
  by: TopGrouping;
  sort: SortKey;
  intervalMs: number;
  rangeMs: number;
  /** As it is written: "5m". */
  rangeText: string;
}

/** @throws CommandFailure naming option, value and what is wanted. */
export function readTopSettings(options: OptionValues): TopSettings {
  const withRange = { ...options, range: options.range ?? TOP_RANGE_DEFAULT };
  const by = choiceOption(options, "by", ["service", "path"]) ?? "service";
  const keys = topColumns(by).map(({ key }) => key);
  return {
    by,
    sort: choiceOption(options, "sort", keys) ?? "rate",
    intervalMs:
      durationOption(options, "interval", TOP_INTERVAL_MS_MIN, TOP_INTERVAL_MS_MAX) ?? TOP_INTERVAL_MS_DEFAULT,
    rangeMs: durationOption(withRange, "range", TOP_RANGE_MS_MIN, TOP_RANGE_MS_MAX)!,
    rangeText: String(withRange.range),
  };
}
