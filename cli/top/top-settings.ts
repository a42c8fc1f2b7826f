import {
  TOP_INTERVAL_MS_DEFAULT,
  TOP_INTERVAL_MS_MAX,
  TOP_INTERVAL_MS_MIN,
  TOP_RANGE_DEFAULT,
  TOP_RANGE_MS_MAX,
  TOP_RANGE_MS_MIN,
} from "../../services/domain/limits.ts";
import type { OptionValues } from "../command.ts";
import { durationOption, textOption, wrongValue } from "../option-values.ts";
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
  const by = textOption(options, "by") ?? "service";
  if (by !== "service" && by !== "path") throw wrongValue("by", by, "service or path");
  const keys = topColumns(by).map(({ key }) => key);
  const sortText = textOption(options, "sort") ?? "rate";
  const sort = keys.find((key) => key === sortText);
  if (sort === undefined) throw wrongValue("sort", sortText, `one of ${keys.join(", ")}`);
  return {
    by,
    sort,
    intervalMs:
      durationOption(options, "interval", TOP_INTERVAL_MS_MIN, TOP_INTERVAL_MS_MAX) ?? TOP_INTERVAL_MS_DEFAULT,
    rangeMs: durationOption(withRange, "range", TOP_RANGE_MS_MIN, TOP_RANGE_MS_MAX)!,
    rangeText: String(withRange.range),
  };
}
