import { type DropRule, markDropped } from "../domain/drop-rules.ts";
import { loggedBatchOfLetter } from "../domain/letter-batch.ts";
import type { LoggedBatch } from "../domain/logged-batch.ts";
import type { ReplayOutcome } from "./dead-letter-replay.ts";
import type { ListedLetter } from "./dead-letter-table.ts";

/** What a letter carries, to be stored again, or why no store has to be asked. */
export type ReplayedBatch = { batch: LoggedBatch; refusal?: undefined } | { batch?: undefined; refusal: ReplayOutcome };

/** `dropRules`: for whole messages, which no worker could look at. A single record has passed them already. */
export function replayedBatch({ letter, originalBytes }: ListedLetter, dropRules: readonly DropRule[]): ReplayedBatch {
  const kept = letter.original.length;
  // The first bytes of a record may well be a record, and another one.
  if (kept < originalBytes) return refused("original_cut", `only the first ${kept} of ${originalBytes} bytes are kept`);
  let batch: LoggedBatch;
  try {
    batch = loggedBatchOfLetter(letter);
  } catch (reason) {
    return refused("undecodable", reason instanceof Error ? reason.message : String(reason));
  }
  if (letter.id === "") markDropped(batch, dropRules);
  return { batch };
}

function refused(reason: string, detail: string): ReplayedBatch {
  return { refusal: { is: "refused", reason, detail } };
}
