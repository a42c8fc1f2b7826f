import { status as Code } from "@grpc/grpc-js";
import { LogPulseError } from "../../domain/errors.ts";
import type { SpanEnd } from "../../ports/traces.ts";
import { toStatus } from "../../runtime/rpc-status.ts";
import { failedEnd } from "./span-error.ts";

/** What OpenTelemetry's conventions for gRPC call an error of the server's; all else is a mistake of the caller's. */
const OUR_FAULTS: readonly number[] = [
  Code.UNKNOWN,
  Code.DEADLINE_EXCEEDED,
  Code.UNIMPLEMENTED,
  Code.INTERNAL,
  Code.UNAVAILABLE,
  Code.DATA_LOSS,
];

/** The end of a call that its handler has answered. */
export const ANSWERED_END: SpanEnd = { facts: { "rpc.status_code": "OK" } };

/** The end of a call that failed: with the status that its caller got, and as an error where the fault is ours. */
export function failedCallEnd(reason: unknown, signal: AbortSignal): SpanEnd {
  const { code } = toStatus(reason instanceof LogPulseError || !signal.aborted ? reason : signal.reason);
  const facts = { "rpc.status_code": Code[code]! };
  return OUR_FAULTS.includes(code) ? { facts, ...failedEnd(reason, signal) } : { facts };
}
