import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";

/** Where records go that a store refuses for ever. Full mode: a Kafka topic. */
export interface DeadLetters {
  /**
   * Resolves once every letter is kept as safely as a batch in the event log (acks=all). Only then may the record's
   * seq be settled or its offset be committed. Keeping a letter twice is harmless: its key is (store, id, reason, bytes).
   *
   * @throws LogPulseError `log_unavailable`: not kept, or not known to be.
   */
  keep(letters: readonly DeadLetter[]): Promise<void>;
}
