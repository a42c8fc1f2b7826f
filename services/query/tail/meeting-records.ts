import type { RecordMatcher } from "../../domain/condition-matcher.ts";
import type { SkippedCount } from "./skipped-count.ts";
import type { TailedMessage, TailedRecord } from "./tailed-message.ts";
import type { Turns } from "./turns.ts";

/**
 * Those of the message's records that meet the condition; one that has to be decoded and is none is skipped and counted.
 * Others of the process have their turns meanwhile.
 */
export async function meeting(
  { partition, offset, records }: TailedMessage,
  matches: RecordMatcher,
  skipped: SkippedCount,
  turns: Turns,
): Promise<TailedRecord[]> {
  const found: TailedRecord[] = [];
  for (const record of records) {
    if (turns.isOver()) await turns.next();
    try {
      if (record.meets(matches)) found.push(record);
    } catch (reason) {
      skipped.add(partition, offset, reason);
    }
  }
  return found;
}
