import { create, createRegistry, type DescMessage, type MessageInitShape, toBinary, toJson } from "@bufbuild/protobuf";
import { anyPack, DurationSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "../../gen/google/rpc/error_details_pb.ts";
import { type Status, StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { type ErrorKind, LogPulseError } from "../domain/errors.ts";
import { ERROR_MESSAGE_BYTES_MAX, ERROR_METADATA_BYTES_MAX, ERROR_METADATA_ENTRIES_MAX } from "../domain/limits.ts";

/** The only place that knows both vocabularies; a kind without a code does not compile. */
const CODE_OF: Record<ErrorKind, Code> = {
  invalid_batch: Code.InvalidArgument,
  invalid_record: Code.InvalidArgument,
  invalid_request: Code.InvalidArgument,
  producer_expired: Code.InvalidArgument,
  not_found: Code.NotFound,
  not_permitted: Code.PermissionDenied,
  unknown_method: Code.Unimplemented,
  rate_limited: Code.ResourceExhausted,
  overloaded: Code.Unavailable,
  log_unavailable: Code.Unavailable,
  store_unavailable: Code.Unavailable,
  query_too_costly: Code.FailedPrecondition,
  cancelled: Code.Canceled,
  deadline_exceeded: Code.DeadlineExceeded,
  bug: Code.Internal,
};

/** What HTTP says for each code: the table of gRPC's transcoders, Envoy's as well. */
const HTTP_STATUS_OF: Record<Code, number> = {
  [Code.Canceled]: 499,
  [Code.Unknown]: 500,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Internal]: 500,
  [Code.Unavailable]: 503,
  [Code.DataLoss]: 500,
  [Code.Unauthenticated]: 401,
};

/** A caller that is told RESOURCE_EXHAUSTED without a wait drops its data: this one is told where none is known. */
const RETRY_AFTER_MS_USUAL = 1_000;

type Detail = { desc: DescMessage; value: MessageInitShape<DescMessage> };

/** An error in the words of gRPC, before any protocol writes it down. */
export interface RpcStatus {
  code: Code;
  /** Well-formed, short enough for a header. */
  message: string;
  details: readonly Detail[];
  /** The wait in whole seconds, at least 1, for `retry-after`. */
  retryAfterSeconds?: number;
}

/**
 * What every protocol sends for this reason. Anything but a LogPulseError becomes `bug`: the caller sees no details.
 * The details are google.rpc's: ErrorInfo always, RetryInfo where a wait is known, QuotaFailure, BadRequest.
 */
export function toStatus(reason: unknown): RpcStatus {
  const error = reason instanceof LogPulseError && reason.kind !== "bug" ? reason : new LogPulseError("bug", BUG_TEXT);
  const message = headerText(error.message, ERROR_MESSAGE_BYTES_MAX);
  const retryAfterMs = error.retryAfterMs ?? (error.kind === "rate_limited" ? RETRY_AFTER_MS_USUAL : undefined);
  const details = [errorInfo(error)];
  if (retryAfterMs !== undefined) details.push(retryInfo(retryAfterMs));
  if (error.quota !== undefined) details.push(quotaFailure(error.quota));
  if (error.metadata.field) details.push(badRequest(error.metadata.field, message, error.kind));
  const retryAfterSeconds = retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(retryAfterMs / 1000));
  return { code: CODE_OF[error.kind], message, details, retryAfterSeconds };
}

const BUG_TEXT = "internal error: the server's log has the details";

/**
 * The status as grpc-js sends it. Sent before any message it is Trailers-Only, so that `retry-after` and the details
 * reach REST through a transcoding proxy as well.
 */
export function toGrpcStatus(status: RpcStatus): StatusObject {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, statusMessage(status))));
  if (status.retryAfterSeconds !== undefined) metadata.set("retry-after", String(status.retryAfterSeconds));
  return { code: status.code as number, details: status.message, metadata };
}

/** The status as Connect and gRPC-Web send it. */
export function toConnectError(status: RpcStatus): ConnectError {
  const header = status.retryAfterSeconds === undefined ? {} : { "retry-after": String(status.retryAfterSeconds) };
  return new ConnectError(status.message, status.code, header, [...status.details]);
}

/** The status of an HTTP answer that has this one in its body. */
export function toHttpStatus({ code }: RpcStatus): number {
  return HTTP_STATUS_OF[code];
}

const DETAIL_TYPES = createRegistry(ErrorInfoSchema, RetryInfoSchema, QuotaFailureSchema, BadRequestSchema);

/** The status as REST answers have it: the JSON of google.rpc.Status. */
export function toStatusJson(status: RpcStatus): string {
  return JSON.stringify(toJson(StatusSchema, statusMessage(status), { registry: DETAIL_TYPES }));
}

function statusMessage(status: RpcStatus): Status {
  const details = status.details.map(({ desc, value }) => anyPack(desc, create(desc, value)));
  return create(StatusSchema, { code: status.code, message: status.message, details });
}

function detail<T extends DescMessage>(desc: T, value: MessageInitShape<T>): Detail {
  return { desc, value };
}

function errorInfo(error: LogPulseError): Detail {
  const entries = Object.entries(error.metadata).slice(0, ERROR_METADATA_ENTRIES_MAX);
  const metadata = Object.fromEntries(entries.map(([key, text]) => [key, headerText(text, ERROR_METADATA_BYTES_MAX)]));
  return detail(ErrorInfoSchema, { reason: error.kind.toUpperCase(), domain: "logpulse", metadata });
}

function retryInfo(retryAfterMs: number): Detail {
  const ms = Math.max(0, Math.ceil(retryAfterMs));
  const retryDelay = create(DurationSchema, {
    seconds: BigInt(Math.floor(ms / 1000)),
    nanos: (ms % 1000) * 1_000_000,
  });
  return detail(RetryInfoSchema, { retryDelay });
}

function quotaFailure(quota: { subject: string; description: string }): Detail {
  const subject = headerText(quota.subject, ERROR_METADATA_BYTES_MAX);
  const description = headerText(quota.description, ERROR_METADATA_BYTES_MAX);
  return detail(QuotaFailureSchema, { violations: [{ subject, description }] });
}

function badRequest(field: string, description: string, kind: ErrorKind): Detail {
  const violation = { field: headerText(field, ERROR_METADATA_BYTES_MAX), description, reason: kind.toUpperCase() };
  return detail(BadRequestSchema, { fieldViolations: [violation] });
}

/** The text, well-formed (grpc-js throws on half a surrogate pair), cut to so many bytes when percent-encoded. */
function headerText(text: string, bytesMax: number): string {
  const wellFormed = text.slice(0, bytesMax).toWellFormed();
  if (text.length <= bytesMax && encodeURI(wellFormed).length <= bytesMax) return wellFormed;
  let bytes = encodeURI("…").length;
  let kept = "";
  for (const character of wellFormed) {
    bytes += encodeURI(character).length;
    if (bytes > bytesMax) break;
    kept += character;
  }
  return `${kept}…`;
}
