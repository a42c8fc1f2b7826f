import type { LogMessage } from "../../ports/event-log.ts";
import { Gate } from "../gate.ts";
import type { TailBounds } from "./tail-bounds.ts";

/** One who has messages in hand, and can put them down. */
export interface HistoryReader {
  putDown(): void;
}

/**
 * The readings of the log by those who catch up, all tails of a process together: few at a time, in the order in which
 * they ask, one look each. What they have in hand is bounded too: where it is too much, whoever took its messages first
 * puts them down, and reads them again when its client has taken the answer before.
 */
export class HistoryReadings {
  private readonly gate: Gate;
  private readonly bytesMax: number;
  private readonly inHand = new Map<HistoryReader, number>(); // The one who took first stands first.
  private bytes = 0;

  constructor({ historiesAtOnceMax, historiesBytesMax, tailsMax }: TailBounds) {
    this.gate = new Gate("readings of the log", historiesAtOnceMax, tailsMax);
    this.bytesMax = historiesBytesMax;
  }

  /** @throws the signal's reason; as `look`. */
  read<Answer>(look: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
    return this.gate.run(look, signal);
  }

  /** The reader has these in hand now, and nothing else. */
  take(reader: HistoryReader, messages: readonly LogMessage[]): void {
    this.release(reader);
    const bytes = messages.reduce((sum, message) => sum + message.bytes.length, 0);
    this.inHand.set(reader, bytes);
    this.bytes += bytes;
    for (const other of this.inHand.keys()) {
      if (this.bytes <= this.bytesMax || other === reader) return;
      this.release(other);
      other.putDown();
    }
  }

  /** The reader has nothing in hand. */
  release(reader: HistoryReader): void {
    this.bytes -= this.inHand.get(reader) ?? 0;
    this.inHand.delete(reader);
  }
}
