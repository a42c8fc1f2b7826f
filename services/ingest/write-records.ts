import { create, toBinary } from "@bufbuild/protobuf";
import type { UploadLinesRequest, WriteLogRequest } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { LogBatchSchema, type Reject } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { type LogRecord, LogRecordSchema, Severity } from "../../gen/logpulse/v1/log_record_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { identityText } from "../domain/identity.ts";
import { BATCH_BYTES_MAX, LINES_PER_REQUEST_MAX } from "../domain/limits.ts";
import { nanosToTimestamp, requireRfc3339 } from "../domain/record-time.ts";
import { severityOfWord } from "../domain/severity.ts";
import type { Counter } from "../ports/counter.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import type { AcceptedBatch, BatchAcceptor } from "./accept-batch.ts";
import { parseAccessLine } from "./access-line.ts";
import { rejectMessage } from "./reject-message.ts";

const REJECTS_IN_ERROR_MAX = 5;
const FIELD_HEAD_BYTES_MAX = 6; // A tag of one byte and a length of at most five.

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
  const batch = await keep(acceptor, [recordOf(request)], context);
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

/**
 * UploadLines: each line is a record or a reject; an error only where no line at all could be kept.
 *
 * Many long lines make several batches. Where a later one is refused (limit, log away) the earlier are kept all the
 * same: lines have no identity, so a caller who repeats the call has those twice.
 */
export async function uploadLines(acceptor: BatchAcceptor, request: UploadLinesRequest, context: CallContext) {
  if (request.lines.length > LINES_PER_REQUEST_MAX) {
    const reason = `lines has ${request.lines.length} lines; the limit is ${LINES_PER_REQUEST_MAX}`;
    throw new LogPulseError("invalid_request", reason, { metadata: { field: "lines" } });
  }
  const { records, lineOfRecord, rejects } = parseLines(request.lines);
  acceptor.countRejectedLines(rejects);
  let keptRecords = 0;
  for (const together of batchesWithin(records, BATCH_BYTES_MAX)) {
    const batch = await keep(acceptor, together, context);
    for (const reject of batch.rejects) {
      rejects.push(rejectMessage({ ...reject, index: lineOfRecord[keptRecords + reject.index]! }));
    }
    keptRecords += together.length;
  }
  rejects.sort((a, b) => a.index - b.index);
  if (rejects.length > 0 && rejects.length === request.lines.length) throw noLineKept(rejects);
  return { message: "Logs processed", rejected: rejects.length > 0 ? { count: rejects.length, rejects } : undefined };
}

function parseLines(lines: readonly string[]): { records: LogRecord[]; lineOfRecord: number[]; rejects: Reject[] } {
  const records: LogRecord[] = [];
  const lineOfRecord: number[] = [];
  const rejects: Reject[] = [];
  lines.forEach((line, index) => {
    const parsed = parseAccessLine(line);
    if ("reason" in parsed) {
      rejects.push(rejectMessage({ index, ...parsed }));
    } else {
      lineOfRecord.push(index);
      records.push(parsed);
    }
  });
  return { records, lineOfRecord, rejects };
}

/** Cuts records into batches of at most that many bytes; each record is smaller than that by its line's limit. */
function* batchesWithin(records: readonly LogRecord[], bytesMax: number): Generator<LogRecord[]> {
  let together: LogRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const recordBytes = toBinary(LogRecordSchema, record).length + FIELD_HEAD_BYTES_MAX;
    if (together.length > 0 && bytes + recordBytes > bytesMax) {
      yield together;
      together = [];
      bytes = 0;
    }
    together.push(record);
    bytes += recordBytes;
  }
  if (together.length > 0) yield together;
}

async function keep(acceptor: BatchAcceptor, records: LogRecord[], context: CallContext): Promise<AcceptedBatch> {
  const batch = await acceptor.accept(toBinary(LogBatchSchema, create(LogBatchSchema, { records })), context);
  await batch.kept;
  return batch;
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

function noLineKept(rejects: readonly Reject[]): LogPulseError {
  const shown = rejects.slice(0, REJECTS_IN_ERROR_MAX);
  const lines = shown.map((reject) => `lines[${reject.index}] ${reject.field} ${reject.reason}`);
  const more = rejects.length > shown.length ? `; and ${rejects.length - shown.length} more` : "";
  return new LogPulseError("invalid_record", `none of the lines is a record: ${lines.join("; ")}${more}`, {
    metadata: { field: "lines", rejected: String(rejects.length) },
  });
}
