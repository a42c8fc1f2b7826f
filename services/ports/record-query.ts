import type { Condition } from "../domain/condition.ts";

/** Which records: those of a tenant, of a time, that meet a condition. */
export interface RecordQuery {
  tenant: string;
  condition: Condition;
  /** Time at or after, in nanoseconds since 1970. */
  startNanos: bigint | undefined;
  /** Time before. */
  endNanos: bigint | undefined;
}
