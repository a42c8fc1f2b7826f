/**
 * Everything that can go wrong, as one closed list. `mayRetry`: may the same call succeed later?
 *
 * Adapters turn what their outside system says into one of these kinds; `runtime/rpc-status.ts` turns a kind into a
 * gRPC code. Nothing in between looks at codes.
 */
export const ERROR_KINDS = {
  invalid_batch: { mayRetry: false }, // The bytes of a batch are not what the contract says; nothing of it is kept.
  invalid_record: { mayRetry: false }, // The caller must change the record.
  invalid_request: { mayRetry: false }, // The caller must change a field of the question.
  producer_expired: { mayRetry: false }, // The producer's day is outside what is kept; the caller draws a new id.
  not_found: { mayRetry: false },
  not_permitted: { mayRetry: false }, // A browser page of another site, or an unknown Host.
  unknown_method: { mayRetry: false },
  rate_limited: { mayRetry: true }, // This caller is over its share.
  overloaded: { mayRetry: true }, // Every caller: a queue is full or the process is stopping.
  log_unavailable: { mayRetry: true }, // The event log does not answer; the batch may or may not be kept.
  store_unavailable: { mayRetry: true },
  query_too_costly: { mayRetry: false }, // It was stopped by time; the caller asks for less.
  cancelled: { mayRetry: true }, // The caller hung up.
  deadline_exceeded: { mayRetry: true }, // The caller's own deadline passed.
  bug: { mayRetry: false }, // Ours. The caller sees no details; our log sees them all.
} as const;

/** A word from the closed list. */
export type ErrorKind = keyof typeof ERROR_KINDS;

/** What an error may carry beside its kind and message. */
export interface ErrorFacts {
  /** The cause: kept for our log, never sent. */
  cause?: unknown;
  /** Facts for programs, sent as ErrorInfo.metadata: the field, the limit, the index. Never secrets. */
  metadata?: Record<string, string>;
  /** How long to wait before the same call may pass, in milliseconds. Sent as RetryInfo and Retry-After. */
  retryAfterMs?: number;
  /** Which quota was used up, for QuotaFailure. */
  quota?: { subject: string; description: string };
}

/** An error of ours: a kind from the closed list, and a message that names field, value and limit. */
export class LogPulseError extends Error {
  readonly kind: ErrorKind;
  readonly metadata: Record<string, string>;
  readonly retryAfterMs: number | undefined;
  readonly quota: { subject: string; description: string } | undefined;

  constructor(kind: ErrorKind, message: string, facts: ErrorFacts = {}) {
    super(message, { cause: facts.cause });
    this.name = "LogPulseError";
    this.kind = kind;
    this.metadata = facts.metadata ?? {};
    this.retryAfterMs = facts.retryAfterMs;
    this.quota = facts.quota;
  }

  /** May the same call succeed later? */
  get mayRetry(): boolean {
    return ERROR_KINDS[this.kind].mayRetry;
  }
}

/** True for an error of ours of that kind. */
export function isKind(reason: unknown, kind: ErrorKind): reason is LogPulseError {
  return reason instanceof LogPulseError && reason.kind === kind;
}

/** For our own log: the message and the innermost cause's, which is what really happened and is never sent. */
export function reasonText(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason);
  const inner = innermost(reason);
  return inner === reason || inner.message === "" ? reason.message : `${reason.message}: ${inner.message}`;
}

/** Libraries wrap errors in errors, some as `cause`, some as a list of `errors`; of a list the last one counts. */
function innermost(error: Error): Error {
  const inner: unknown = "errors" in error && Array.isArray(error.errors) ? error.errors.at(-1) : error.cause;
  return inner instanceof Error ? innermost(inner) : error;
}
