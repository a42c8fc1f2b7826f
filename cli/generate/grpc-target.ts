import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import type { LogBatch } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { EXIT } from "../exit-code.ts";
import { noAnswer, retryAfterMs } from "./http-answers.ts";
import type { Answer, LoadTarget } from "./load-target.ts";
import type { BatchSource } from "./record-source.ts";

const NO_ANSWER: readonly Code[] = [Code.Canceled, Code.DeadlineExceeded];
/** What a server says that has failed, or a proxy. A connection that broke is told as these too, with a cause. */
const FAILED: readonly Code[] = [Code.Unknown, Code.Internal, Code.Aborted];
const NOT_ALLOWED: readonly Code[] = [Code.PermissionDenied, Code.Unauthenticated];

/** `IngestService.Write`: batches with declared identities. `address`: host:port. */
export function grpcWrite(address: string, timeoutMs: number, source: BatchSource): LoadTarget<LogBatch> {
  const baseUrl = `http://${address}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createGrpcTransport({ baseUrl, defaultTimeoutMs: timeoutMs, sessionManager });
  const ingest = createClient(IngestService, transport);
  return {
    name: `${address} logpulse.v1.IngestService/Write`,
    isIdentified: true,
    draw: (records, span) => source.next(records, span),
    async send(batch, records) {
      try {
        const { rejects } = await ingest.write(batch);
        const [first] = rejects;
        return {
          kind: "kept",
          name: "OK",
          accepted: records - rejects.length,
          rejected: rejects.length,
          firstReject: first && `record ${first.index}: ${first.field} ${first.reason}`,
        };
      } catch (reason) {
        return failedCall(ConnectError.from(reason), Date.now());
      }
    },
    close: () => sessionManager.abort(),
  };
}

/** What an error of a call means. Records have identities: what may have been kept is sent again without harm. */
export function failedCall(error: ConnectError, nowMs: number): Answer {
  const waitMs = retryAfterMs(error.metadata.get("retry-after") ?? undefined, nowMs);
  const told = { name: Code[error.code], reason: error.rawMessage, waitMs };
  // Unavailable is what the server says, and also what a broken connection is told as, which has a cause.
  const isLimited = error.code === Code.ResourceExhausted || (error.code === Code.Unavailable && !error.cause);
  if (isLimited) {
    const mayBeKept = error.code === Code.Unavailable;
    return { kind: "later", ...told, mayBeKept, isUnreachable: false, exitCode: EXIT.limited };
  }
  if (FAILED.includes(error.code) && !error.cause) {
    return { kind: "later", ...told, mayBeKept: true, isUnreachable: false, exitCode: EXIT.unreachable };
  }
  if ([Code.Unavailable, ...NO_ANSWER, ...FAILED].includes(error.code)) return noAnswer(error);
  const exitCode = NOT_ALLOWED.includes(error.code) ? EXIT.notAllowed : EXIT.incomplete;
  return { kind: "refused", name: told.name, reason: told.reason, exitCode };
}
