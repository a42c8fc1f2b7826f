import type { DeadLetter } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { LogPulseError } from "../../domain/errors.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";
import type { MemoryDeadLetterTable } from "./dead-letter-table.ts";

/** Dead letters of one process: what a topic is in full mode is the table itself here. */
export class MemoryDeadLetters implements DeadLetters {
  private readonly table: MemoryDeadLetterTable;

  constructor(table: MemoryDeadLetterTable) {
    this.table = table;
  }

  /** Where the table is full it rejects: the worker then waits, and the log behind it fills, which is seen. */
  async keep(letters: readonly DeadLetter[]): Promise<void> {
    try {
      await this.table.fill(letters);
    } catch (reason) {
      throw new LogPulseError("log_unavailable", "there is no room for dead letters", { cause: reason });
    }
  }
}
