import { reasonText } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Part } from "../runtime/shutdown.ts";
import type { Fail } from "./process-parts.ts";

const RETRY_MS = 1_000;
const GIVE_UP_MS = 1_000;
const TOLD_EVERY_MS = 10_000;

/** What a waiting part does. */
export interface WaitingWork {
  name: string;
  /** Tried again every second until it resolves. @throws CannotStart where trying again is of no use. */
  prepare(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** A reason that no waiting will mend: the process ends with it. */
export class CannotStart extends Error {}

/**
 * A part that needs an outside server. It starts at once and prepares in the background, however long that server takes
 * to come: the process answers /healthz meanwhile, /readyz says what is missing, and the log says it too.
 *
 * `fail`: called where waiting is of no use.
 */
export function waitingPart(work: WaitingWork, clock: Clock, logger: Logger, fail: Fail): Part {
  const given = new AbortController();
  let preparing = Promise.resolve();
  return {
    name: work.name,
    async start() {
      preparing = prepareAtLast(work, clock, logger, given.signal).catch((reason: unknown) => {
        if (!given.signal.aborted) fail(reason as Error);
      });
    },
    async stop() {
      given.abort(new Error("the process is stopping"));
      // What cannot be interrupted (a client that is connecting) is left to the end of the process.
      await Promise.race([preparing, clock.sleep(GIVE_UP_MS)]);
      await work.stop();
    },
  };
}

async function prepareAtLast(work: WaitingWork, clock: Clock, logger: Logger, signal: AbortSignal): Promise<void> {
  const sinceMs = clock.nowMs();
  let toldMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    signal.throwIfAborted();
    try {
      await work.prepare(signal);
      if (Number.isFinite(toldMs)) logger.info({ part: work.name, waitedMs: clock.nowMs() - sinceMs }, "ready at last");
      return;
    } catch (reason) {
      if (signal.aborted || reason instanceof CannotStart) throw reason;
      const waitedMs = clock.nowMs() - sinceMs;
      if (waitedMs - toldMs >= TOLD_EVERY_MS) {
        toldMs = waitedMs;
        logger.warn({ part: work.name, waitedMs, reason: reasonText(reason) }, `waiting for ${work.name}`);
      }
      await clock.sleep(RETRY_MS, signal);
    }
  }
}
