import type { StoredLog } from "../../gen/logpulse/v1/query_service_pb.ts";

/** What is done with each record, in its order. */
export type TakeRecord = (log: StoredLog) => Promise<void>;

/** How a search ended. */
export interface FoundRecords {
  /** That were taken. */
  records: number;
  /** Others meet the conditions, beyond those that were asked for. */
  isMore: boolean;
  /** Why some may be missing that were asked for; undefined where none is. */
  missing: string | undefined;
}
