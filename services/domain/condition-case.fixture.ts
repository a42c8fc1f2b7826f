import type { RecordToBuild } from "../ports/build-logged-batch.ts";
import type { Condition } from "./condition.ts";

/** Records, and which of them each condition finds: by their place in the list. */
export interface ConditionCase {
  title: string;
  records: readonly RecordToBuild[];
  asked: readonly (readonly [Condition, readonly number[]])[];
}
