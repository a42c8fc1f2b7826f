import type { RecordMatcher } from "../../domain/condition-matcher.ts";
import type { SkippedCount } from "./skipped-count.ts";
import type { TailedMessage, TailedRecord } from "./tailed-message.ts";

/** Those of the message's records that meet the condition; one that has to be decoded and is none is skipped and counted. */
export function meeting(
  { partition, offset }: TailedMessage,
  records: readonly TailedRecord[],
  matches: RecordMatcher,
  skipped: SkippedCount,
): TailedRecord[] {
  return records.filter((record) => {
    try {
      return record.meets(matches);
    } catch (reason) {
      skipped.add(partition, offset, reason);
      return false;
    }
  });
}
