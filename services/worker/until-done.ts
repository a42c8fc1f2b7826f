import { isKind, reasonText } from "../domain/errors.ts";
import { fullJitterMs } from "../domain/full-jitter.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

/** What waiting and telling of it take. */
export interface RetryParts {
  clock: Clock;
  /** 0 to 1, for the jitter of retries. */
  random: () => number;
  logger: Logger;
}

/**
 * Repeats `work` until it succeeds, however long that takes, with jittered waits up to RETRY_WAIT_MS_MAX.
 *
 * `what`: for the log, as in "could not …". `onRetry`: called for each try that failed and is repeated.
 *
 * @throws the signal's reason once it is aborted, and nothing else.
 */
export async function untilDone<Result>(
  { clock, random, logger }: RetryParts,
  what: string,
  signal: AbortSignal,
  work: () => Promise<Result>,
  onRetry: () => void = () => undefined,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (reason) {
      signal.throwIfAborted();
      onRetry();
      const waitMs = Math.round(fullJitterMs(tries, random()));
      const expected = isKind(reason, "store_unavailable") || isKind(reason, "log_unavailable");
      const message = `could not ${what}; trying again in ${waitMs} ms`;
      if (expected) logger.warn({ tries, waitMs, reason: reasonText(reason) }, message);
      else logger.error({ tries, waitMs, err: reason }, message);
      await clock.sleep(waitMs, signal);
    }
  }
}
