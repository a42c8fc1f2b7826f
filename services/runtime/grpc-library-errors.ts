import { status as Code } from "@grpc/grpc-js";
import { LogPulseError } from "../domain/errors.ts";

interface StatusOfLibrary {
  code?: Code | null;
  details?: string | null;
}

/** What grpc-js says by itself, in our kinds: a request that is too large is the caller's mistake, not a used-up quota. */
export function errorOfLibrary({ code, details }: StatusOfLibrary): LogPulseError {
  const text = details ?? "";
  switch (code) {
    case Code.DEADLINE_EXCEEDED:
      return deadlinePassed();
    case Code.RESOURCE_EXHAUSTED:
    case Code.UNIMPLEMENTED:
      return new LogPulseError("invalid_request", text);
    default:
      // The other ones: a grpc-timeout that is none, and a connection that broke.
      return /grpc-timeout/.test(text)
        ? new LogPulseError("invalid_request", text)
        : new LogPulseError("cancelled", "the connection broke", { metadata: { transport: text } });
  }
}

/** The error for a call whose deadline has passed. */
export function deadlinePassed(): LogPulseError {
  return new LogPulseError("deadline_exceeded", "the deadline of the call has passed");
}
