import { create } from "@bufbuild/protobuf";
import type { WriteLogRequest } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { type LogRecord, LogRecordSchema, Severity } from "../../gen/logpulse/v1/log_record_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { identityText } from "../domain/identity.ts";
import { nanosToTimestamp, requireRfc3339 } from "../domain/record-time.ts";
import { severityOfWord } from "../domain/severity.ts";
import type { Counter } from "../ports/counter.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import type { BatchAcceptor } from "./accept-batch.ts";
import { keepRecord } from "./keep-records.ts";
import { rejectMessage } from "./reject-message.ts";

/** Write: one encoded batch, one answer. */
export async function write(acceptor: BatchAcceptor, bytes: Uint8Array, context: CallContext) {
  const batch = await acceptor.accept(bytes, context);
  await batch.kept;
  return {
    producerId: batch.producerId,
    firstSeq: BigInt(batch.firstSeq),
    accepted: batch.recordCount - batch.rejects.length,
    rejects: batch.rejects.map(rejectMessage),
  };
}

/** WriteLog: one record of a plain log API. A rejected record is an error here, since there are no neighbours. */
export async function writeLog(
  acceptor: BatchAcceptor,
  counter: Counter,
  request: WriteLogRequest,
  context: CallContext,
) {
  if (request.message === "") {
    throw new LogPulseError("invalid_record", "message is empty; a log record needs one", {
      metadata: { field: "message" },
    });
  }
  const batch = await keepRecord(acceptor, recordOf(request), context);
  const reject = batch.rejects[0];
  if (reject) {
    throw new LogPulseError("invalid_record", `${nameOf(reject.field)} ${reject.reason}`, {
      metadata: { field: nameOf(reject.field) },
    });
  }
  const totalLogged = await counter.add(`logged/${context.tenant}`, 1);
  const id = identityText(Buffer.from(batch.producerId).toString("hex"), batch.firstSeq);
  return { id, message: "log accepted", totalLogged };
}

function recordOf(request: WriteLogRequest): LogRecord {
  const time = request.timestamp === "" ? undefined : requireRfc3339("timestamp", request.timestamp);
  return create(LogRecordSchema, {
    time: time === undefined ? undefined : nanosToTimestamp(time),
    severity: severityOfWord(request.level) ?? Severity.UNSPECIFIED,
    severityText: request.level,
    service: request.serviceName || request.service,
    message: request.message,
  });
}

/** The request's name for a record's field. */
function nameOf(field: string): string {
  const names: Record<string, string> = { service: "service_name", severity_text: "level", time: "timestamp" };
  return names[field] ?? (field || "record");
}
