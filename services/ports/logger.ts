/** Our own log: one JSON object per line. Facts first, then the sentence. Never a secret, never a record's text. */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  /** `err`: the error itself, with its cause and stack. */
  error(facts: object, message: string): void;
}
