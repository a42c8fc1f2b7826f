import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, QuotaFailureSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import type { Answer } from "./stub-call.ts";

/** An answer that always fails so, before any message. */
export function failing(error: ConnectError): Answer {
  return async () => {
    throw error;
  };
}

/** An answer that fails so once and then is this message. */
export function failingOnce(error: ConnectError, message: object): Answer {
  let failed = false;
  return async () => {
    if (failed) return message;
    failed = true;
    throw error;
  };
}

/** UNAVAILABLE, as a service says it whose store or log is away. */
export function unavailable(message = "store away"): ConnectError {
  return new ConnectError(message, Code.Unavailable);
}

/** What the rate limiter's refusal looks like, details and header included. */
export function rateLimited(): ConnectError {
  return new ConnectError("slow down: 5 % over", Code.ResourceExhausted, { "retry-after": "7" }, [
    { desc: ErrorInfoSchema, value: { reason: "RATE_LIMITED", domain: "logpulse", metadata: { limit: "100" } } },
    { desc: RetryInfoSchema, value: { retryDelay: { seconds: 7n } } },
    { desc: QuotaFailureSchema, value: { violations: [{ subject: "client:127.0.0.1", description: "records" }] } },
  ]);
}
