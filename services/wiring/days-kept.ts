import type { Config } from "../config.ts";
import type { DaysKept } from "../worker/retention-loop.ts";

/** How long things are kept, as the settings have it. */
export function daysKept({ recordDays, rollupDays, deadLetterDays }: Config): DaysKept {
  return { records: recordDays, rollups: rollupDays, deadLetters: deadLetterDays };
}
