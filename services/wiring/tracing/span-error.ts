import { LogPulseError } from "../../domain/errors.ts";
import type { SpanEnd } from "../../ports/traces.ts";
import { outcomeOf } from "../metrics/timed-port.ts";

/** The end of a span whose work failed. `signal`: of the work, if it has one. Words that are not ours are not passed on. */
export function failedEnd(reason: unknown, signal?: AbortSignal): SpanEnd {
  const type = outcomeOf(reason, signal);
  return { error: { type, message: reason instanceof LogPulseError ? reason.message : type } };
}
