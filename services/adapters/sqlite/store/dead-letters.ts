import type { DeadLetter } from "../../../../gen/logpulse/v1/dead_letter_pb.ts";
import { LogPulseError } from "../../../domain/errors.ts";
import { STORE_BYTES_MAX, STORE_RECORDS_MAX } from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { DeadLetters } from "../../../ports/dead-letters.ts";
import { insertLetters } from "./dead-letter-rows.ts";
import type { StoreTables } from "./store-tables.ts";

/**
 * Keeps dead letters in their table at once: there is no topic before it. A seq is settled in a later transaction of the
 * same file, so whatever a crash takes, it takes the seq before the letter.
 */
export class SqliteDeadLetters implements DeadLetters {
  private readonly tables: StoreTables;
  private readonly clock: Clock;

  constructor(tables: StoreTables, clock: Clock) {
    this.tables = tables;
    this.clock = clock;
  }

  async keep(letters: readonly DeadLetter[]): Promise<void> {
    const nowMs = this.clock.nowMs();
    try {
      for (const some of transactionsOf(letters)) {
        this.tables.transaction((database) => insertLetters(database, some, nowMs));
      }
    } catch (reason) {
      throw new LogPulseError("log_unavailable", "dead letters cannot be kept now", { cause: reason });
    }
  }
}

/** At most STORE_RECORDS_MAX letters and STORE_BYTES_MAX in each, unless there is only one. */
function* transactionsOf(letters: readonly DeadLetter[]): Generator<DeadLetter[]> {
  let some: DeadLetter[] = [];
  let bytes = 0;
  for (const letter of letters) {
    const isFull = some.length === STORE_RECORDS_MAX || bytes + letter.original.length > STORE_BYTES_MAX;
    if (isFull && some.length > 0) {
      yield some;
      some = [];
      bytes = 0;
    }
    some.push(letter);
    bytes += letter.original.length;
  }
  if (some.length > 0) yield some;
}
