import type { ServerResponse } from "node:http";
import { Code } from "@connectrpc/connect";
import { LogPulseError } from "../domain/errors.ts";
import { type RpcStatus, toHttpStatus, toStatus, toStatusJson } from "./rpc-status.ts";

/** A refusal for which HTTP has a status that says more than the kind of our error does. */
export class HttpRefusal extends Error {
  readonly status: RpcStatus;
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;

  private constructor(httpStatus: number, status: RpcStatus, headers: Record<string, string> = {}) {
    super(status.message);
    this.name = "HttpRefusal";
    this.httpStatus = httpStatus;
    this.status = status;
    this.headers = headers;
  }

  /** 404: nothing is served under this path. The reason is UNKNOWN_METHOD, so that no record is looked for. */
  static unknownPath(message: string): HttpRefusal {
    return new HttpRefusal(404, { ...toStatus(new LogPulseError("unknown_method", message)), code: Code.NotFound });
  }

  /** 405: the path is served, by other methods: `allowed`. */
  static otherMethod(message: string, allowed: readonly string[]): HttpRefusal {
    const status = toStatus(new LogPulseError("unknown_method", message));
    return new HttpRefusal(405, status, { allow: allowed.join(", ") });
  }

  /** 413: the body has more than `bytesMax` bytes. */
  static tooLarge(message: string, bytesMax: number): HttpRefusal {
    const metadata = { limit: String(bytesMax) };
    return new HttpRefusal(413, toStatus(new LogPulseError("invalid_request", message, { metadata })));
  }

  /** 415: the body is of a type, or packed in a way, that is not taken. */
  static unknownType(message: string): HttpRefusal {
    return new HttpRefusal(415, toStatus(new LogPulseError("invalid_request", message)));
  }
}

/** Sends one whole answer. */
export function sendAnswer(
  response: ServerResponse,
  httpStatus: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(httpStatus, {
    ...headers,
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

/** Sends an error as the JSON of google.rpc.Status: as the refusal says, or by the code's HTTP status. */
export function sendError(response: ServerResponse, error: HttpRefusal | RpcStatus): void {
  if (error instanceof HttpRefusal) {
    return sendAnswer(response, error.httpStatus, "application/json", toStatusJson(error.status), error.headers);
  }
  const { retryAfterSeconds } = error;
  const headers: Record<string, string> =
    retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  sendAnswer(response, toHttpStatus(error), "application/json", toStatusJson(error), headers);
}
