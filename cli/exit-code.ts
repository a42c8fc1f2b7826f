/** How a command ends, as the shell sees it. */
export const EXIT = {
  done: 0,
  /** A bug; or nothing was found, with --exit-status. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The server cannot be reached, or did not answer in time. */
  unreachable: 3,
  notAllowed: 4,
  /** Limited or overloaded, after retries. */
  limited: 5,
  /** Some records were rejected, or an answer is incomplete, or would take the server too long. */
  incomplete: 6,
  /** Interrupted with records that are not acknowledged. */
  interrupted: 130,
} as const;

/** One of EXIT. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command that ends with a sentence for the user and an exit code; no stack trace. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly exitCode: ExitCode;
  /** What the user can do about it: printed on a line of its own. */
  readonly advice: string | undefined;

  constructor(exitCode: ExitCode, message: string, advice?: string) {
    super(message);
    this.exitCode = exitCode;
    this.advice = advice;
  }
}
