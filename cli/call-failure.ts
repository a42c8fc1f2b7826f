import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { CommandFailure, EXIT } from "./exit-code.ts";

/** What the server says of an error of its own; undefined where the error is not from a LogPulse. */
export interface ServerWords {
  /** "OVERLOADED": a kind of services/domain/errors.ts. */
  reason: string;
  metadata: Readonly<Record<string, string>>;
  /** How long to wait before the same call may pass. */
  retryAfterMs: number | undefined;
}

/** The details of an error. */
export function serverWords(error: ConnectError): ServerWords | undefined {
  const info = error.findDetails(ErrorInfoSchema).find(({ domain }) => domain === "logpulse");
  if (info === undefined) return undefined;
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  const retryAfterMs = delay && Number(delay.seconds) * 1_000 + delay.nanos / 1_000_000;
  return { reason: info.reason, metadata: info.metadata, retryAfterMs };
}

/** The failure where the reason is an error of a call; else the reason itself. */
export function asCallFailure(reason: unknown, address: string): unknown {
  return reason instanceof ConnectError ? callFailure(reason, address) : reason;
}

/** What an error of a call means for people. `address`: of the server that was asked. */
export function callFailure(error: ConnectError, address: string): CommandFailure {
  const words = serverWords(error);
  const text = error.rawMessage;
  // As a search that runs out of time after it has found some: nothing is wrong with the question but its size.
  if (words?.reason === "QUERY_TOO_COSTLY") return new CommandFailure(EXIT.incomplete, text);
  switch (error.code) {
    case Code.InvalidArgument:
    case Code.FailedPrecondition:
      return new CommandFailure(EXIT.usage, text);
    case Code.NotFound:
      return new CommandFailure(EXIT.failed, text);
    case Code.PermissionDenied:
    case Code.Unauthenticated:
      return new CommandFailure(EXIT.notAllowed, text);
    case Code.ResourceExhausted:
      return new CommandFailure(EXIT.limited, `${address} has no room for this: ${text}`, againAdvice(words));
    case Code.DeadlineExceeded:
      return new CommandFailure(EXIT.unreachable, `${address} did not answer in time`, "--timeout gives it longer.");
    case Code.Unavailable:
      return words ? unavailable(address, text, words) : unreachable(address, error);
    case Code.Unimplemented:
      if (words) return new CommandFailure(EXIT.failed, `${address} does not know this call: ${text}`);
      return unreachable(address, error);
    case Code.Internal:
      if (words) return new CommandFailure(EXIT.failed, `${address} failed: ${text}`);
      return unreachable(address, error);
    default:
      return unreachable(address, error);
  }
}

function unavailable(address: string, text: string, words: ServerWords): CommandFailure {
  const exitCode = words.reason === "OVERLOADED" ? EXIT.limited : EXIT.unreachable;
  return new CommandFailure(exitCode, `${address} cannot answer now: ${text}`, againAdvice(words));
}

function againAdvice(words: ServerWords | undefined): string {
  const seconds = Math.ceil((words?.retryAfterMs ?? 0) / 1_000);
  return seconds > 0 ? `Try again in ${seconds} s.` : "Try again later.";
}

function unreachable(address: string, error: ConnectError): CommandFailure {
  return new CommandFailure(
    EXIT.unreachable,
    `no LogPulse can be reached at ${address}: ${innermostMessage(error)}`,
    "`npm start` in its folder starts one; --addr, LOGPULSE_ADDR or `logpulse profile` name another.",
  );
}

function innermostMessage(error: ConnectError): string {
  const { cause } = error;
  if (!(cause instanceof Error)) return error.rawMessage;
  const inner = cause instanceof AggregateError ? cause.errors.at(-1) : cause;
  return inner instanceof Error && inner.message !== "" ? inner.message : error.rawMessage;
}
