import type { DeadLetter } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { deadLetterKey } from "../../domain/dead-letter-key.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { MEMORY_DEAD_LETTERS_BYTES_MAX } from "../../domain/limits.ts";
import type { DeadLetters } from "../../ports/dead-letters.ts";

/** What a letter costs beside its original, roughly. */
const LETTER_BYTES = 500;

/** Dead letters of one process, forgotten when it ends. Keeping one again replaces it. */
export class MemoryDeadLetters implements DeadLetters {
  private readonly letters = new Map<string, DeadLetter>();
  private readonly bytesMax: number;
  private bytes = 0;

  constructor(bytesMax = MEMORY_DEAD_LETTERS_BYTES_MAX) {
    this.bytesMax = bytesMax;
  }

  /** Where it is full it rejects rather than forgets: the worker then waits, and the log behind it fills, which is seen. */
  async keep(letters: readonly DeadLetter[]): Promise<void> {
    for (const letter of letters) {
      const key = deadLetterKey(letter);
      const bytes = this.bytes + bytesOf(letter) - bytesOf(this.letters.get(key));
      if (bytes > this.bytesMax) {
        throw new LogPulseError("log_unavailable", `${this.letters.size} dead letters fill the memory given to them`);
      }
      this.letters.set(key, letter);
      this.bytes = bytes;
    }
  }

  /** All that are kept, each once, the oldest first. */
  all(): DeadLetter[] {
    return [...this.letters.values()];
  }
}

function bytesOf(letter: DeadLetter | undefined): number {
  return letter === undefined ? 0 : letter.original.length + LETTER_BYTES;
}
