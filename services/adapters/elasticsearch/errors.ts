import { errors } from "@elastic/elasticsearch";
import { LogPulseError } from "../../domain/errors.ts";

const CAUSE_CHARACTERS_MAX = 1_000;

/**
 * What a failed request means, as a kind of ours. The only place that knows the client's errors.
 *
 * `signal`: the caller's; where it is aborted, that is the reason whatever the client says.
 */
export function toStoreError(reason: unknown, signal: AbortSignal): LogPulseError {
  if (isTooComplex(reason)) {
    const said = "the filter has more parts, or harder texts, than Elasticsearch takes; ask for less";
    return new LogPulseError("query_too_costly", said, { cause: slim(reason) });
  }
  if (reason instanceof LogPulseError) return reason;
  if (signal.aborted) return abortError(signal);
  const cause = slim(reason);
  if (reason instanceof errors.ResponseError) {
    const said = `Elasticsearch answered ${reason.statusCode} (${errorType(reason)})`;
    // It cannot read what we wrote: the same request fails again.
    return new LogPulseError(reason.statusCode === 400 ? "bug" : "store_unavailable", said, { cause });
  }
  if (reason instanceof errors.ElasticsearchClientError) {
    const timedOut = reason instanceof errors.TimeoutError || reason instanceof errors.RequestAbortedError;
    const said = timedOut ? "Elasticsearch does not answer in time" : "Elasticsearch cannot be reached";
    return new LogPulseError("store_unavailable", said, { cause });
  }
  return new LogPulseError("bug", "a request to Elasticsearch failed", { cause });
}

/** True where the server, or a part of it, had too much to do to even begin. */
export function isTooBusy(reason: unknown): boolean {
  if (reason instanceof errors.ResponseError) return reason.statusCode === 429;
  return shardFailureTypes(reason).includes("es_rejected_execution_exception");
}

/** True where the server stopped a question that would have taken too much of its memory. */
export function isTooCostly(reason: unknown): boolean {
  return typesOf(reason).some((type) => COSTLY.has(type));
}

/** True where the server takes no query of so many clauses, or of such texts; see `conditionClause`. */
function isTooComplex(reason: unknown): boolean {
  return typesOf(reason).some((type) => TOO_COMPLEX.has(type));
}

function typesOf(reason: unknown): readonly string[] {
  return reason instanceof errors.ResponseError ? typesIn(reason.body) : shardFailureTypes(reason);
}

function shardFailureTypes(reason: unknown): readonly string[] {
  const cause = reason instanceof Error ? reason.cause : undefined;
  return cause instanceof ShardFailures ? cause.types : [];
}

/** What Elasticsearch says of the shards that it could not search. */
export class ShardFailures extends Error {
  readonly types: readonly string[];

  constructor(failures: unknown) {
    const types = [...new Set(typesIn(failures))];
    super(types.join(", "));
    this.types = types;
  }
}

const COSTLY = new Set(["circuit_breaking_exception", "too_many_buckets_exception"]);
const TOO_COMPLEX = new Set(["too_many_clauses", "too_many_nested_clauses", "too_complex_to_determinize_exception"]);

/** Every type of error in what Elasticsearch says: it nests them as causes and as failures of shards. */
function typesIn(said: unknown): string[] {
  if (typeof said !== "object" || said === null) return [];
  const own = "type" in said && typeof said.type === "string" ? [said.type] : [];
  return [...own, ...Object.values(said).flatMap(typesIn)];
}

/** True where the server has no such document, or no such index. */
export function isNotFound(reason: unknown): boolean {
  return reason instanceof errors.ResponseError && reason.statusCode === 404;
}

/** True where the document is no longer, or already, what the request took it for. */
export function isConflict(reason: unknown): boolean {
  return reason instanceof errors.ResponseError && reason.statusCode === 409;
}

/** True where an index takes no writes: it is read-only, or the disk is full. */
export function isBlocked(reason: unknown): boolean {
  return reason instanceof errors.ResponseError && errorType(reason) === "cluster_block_exception";
}

/** True where an index takes no writes because somebody wants it so; of a full disk Elasticsearch says 429. */
export function isReadOnly(reason: unknown): boolean {
  return reason instanceof errors.ResponseError && reason.statusCode === 403 && isBlocked(reason);
}

/** True where the server refuses what a request says. */
export function isRefused(reason: unknown): boolean {
  return reason instanceof errors.ResponseError && reason.statusCode === 400;
}

/** True where an index could not be created since it is there. */
export function isThereAlready(reason: unknown): boolean {
  return reason instanceof errors.ResponseError && errorType(reason) === "resource_already_exists_exception";
}

/** True where the answer is longer than the request's `answerBytesMax`. Only the client's words tell it from an abort. */
export function isAnswerTooLarge(reason: unknown): boolean {
  return reason instanceof errors.RequestAbortedError && reason.message.includes("bigger than the maximum allowed");
}

/** True where the request as a whole was too long for the server. */
export function isRequestTooLarge(reason: unknown): boolean {
  return reason instanceof errors.ResponseError && reason.statusCode === 413;
}

function abortError(signal: AbortSignal): LogPulseError {
  if (signal.reason instanceof LogPulseError) return signal.reason;
  return new LogPulseError("cancelled", "the request to Elasticsearch was given up", { cause: signal.reason });
}

function errorType(reason: errors.ResponseError): string {
  const body: unknown = reason.body;
  const error = typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
  const type = typeof error === "object" && error !== null && "type" in error ? error.type : undefined;
  return typeof type === "string" ? type : "no reason given";
}

/** The client's errors hold the whole request, megabytes of records that no log should print. */
function slim(reason: unknown): unknown {
  if (!(reason instanceof errors.ElasticsearchClientError)) return reason;
  return new Error(`${reason.name}: ${reason.message.slice(0, CAUSE_CHARACTERS_MAX)}`);
}
