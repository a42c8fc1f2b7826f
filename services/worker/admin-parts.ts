import type { Clock } from "../ports/clock.ts";
import type { DeadLetterReplay } from "../ports/dead-letter-replay.ts";
import type { DeadLetterTable } from "../ports/dead-letter-table.ts";

/** What AdminService is made of. */
export interface AdminParts {
  table: Pick<DeadLetterTable, "list" | "count" | "settle">;
  /** The way back into each store, by the store's name. */
  replays: ReadonlyMap<string, DeadLetterReplay>;
  clock: Clock;
}
