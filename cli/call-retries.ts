import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import { fullJitterMs } from "../services/domain/full-jitter.ts";
import { CALL_TRIES_MAX } from "../services/domain/limits.ts";
import { serverWords } from "./call-failure.ts";

/** How calls are tried again. */
export interface CallRetries {
  /** Of all tries of a call together. */
  timeoutMs: number;
  /** Told before a wait that people notice. */
  onWait: (text: string) => void;
}

const NOTICED_MS = 1_000;
/** Services whose calls may be made twice: they write nothing. */
const MAY_REPEAT = ["QueryService", "StatsService", "AdminService"];
/** Does no harm either, but its answer tells only of what it did itself: whoever calls it goes on. */
const NOT_SILENTLY = "ReplayDeadLetters";

/** Makes calls of one message again that may pass later, where that does no harm. */
export function retryingCalls(retries: CallRetries): Interceptor {
  return (next) => (request) => {
    const mayRepeat = MAY_REPEAT.includes(request.service.name) && request.method.name !== NOT_SILENTLY;
    if (request.stream || !mayRepeat) return next(request);
    return withTries(retries, () => next(request), request.signal);
  };
}

/**
 * What the call resolves to, of the first try that succeeds. Waits as the server says, else a little more each time;
 * gives up after CALL_TRIES_MAX tries, where the wait is longer than what is left of the time, or where trying again
 * would not help.
 */
export async function withTries<Answer>(
  { timeoutMs, onWait }: CallRetries,
  call: () => Promise<Answer>,
  signal: AbortSignal,
): Promise<Answer> {
  const untilMs = performance.now() + timeoutMs;
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (reason) {
      const error = ConnectError.from(reason);
      const waitMs = serverWords(error)?.retryAfterMs ?? fullJitterMs(tries, Math.random());
      const isTooLate = performance.now() + waitMs >= untilMs;
      if (!mayPassLater(error) || tries === CALL_TRIES_MAX || isTooLate || signal.aborted) throw reason;
      if (waitMs >= NOTICED_MS) onWait(`${error.rawMessage}; asking again in ${Math.ceil(waitMs / 1_000)} s`);
      await pause(waitMs, signal);
    }
  }
}

/** Whether the same call may succeed later. */
export function mayPassLater(error: ConnectError): boolean {
  return error.code === Code.Unavailable || error.code === Code.ResourceExhausted;
}

/** Resolves after the time, or when the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
