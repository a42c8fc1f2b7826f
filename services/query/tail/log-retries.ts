import { isKind } from "../../domain/errors.ts";
import { RETRY_WAIT_MS_MIN, TAIL_LOG_RETRY_MS_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

/**
 * Does it again where the log does not answer, for TAIL_LOG_RETRY_MS_MAX: a leader that moves and a broker that starts
 * again are away for seconds.
 *
 * @throws what `work` threw last; the signal's reason.
 */
export async function untilLogAnswers<Answer>(
  clock: Clock,
  signal: AbortSignal,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const startedMs = clock.monotonicMs();
  for (let waitMs = RETRY_WAIT_MS_MIN; ; waitMs *= 2) {
    try {
      return await work();
    } catch (reason) {
      signal.throwIfAborted();
      if (!isKind(reason, "log_unavailable") || clock.monotonicMs() + waitMs - startedMs > TAIL_LOG_RETRY_MS_MAX)
        throw reason;
      await clock.sleep(waitMs, signal);
    }
  }
}
