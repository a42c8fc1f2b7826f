import type { MessageInitShape } from "@bufbuild/protobuf";
import type { UploadLinesRequest, UploadLinesResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import {
  LINES_KEPT_AS_TEXT_TOLD_MAX,
  LINES_PER_REQUEST_MAX,
  LINES_READ_CHARACTERS_PER_TURN,
  REJECT_TEXT_CHARACTERS_MAX,
  SERVICE_BYTES_MAX,
} from "../domain/limits.ts";
import type { LineProblem } from "../domain/lines/line-format.ts";
import { boundedText } from "../domain/request-fields.ts";
import type { Clock } from "../ports/clock.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import type { BatchAcceptor } from "./accept-batch.ts";
import { RecordKeeper } from "./keep-records.ts";
import { type ReadLine, readLines } from "./read-lines.ts";
import { rejectMessage } from "./reject-message.ts";

const REJECTS_IN_ERROR_MAX = 5;

/** A problem of a line. `index`: its place in the request; of several lines the first one's. */
interface PlacedProblem extends LineProblem {
  index: number;
}

/** What UploadLines needs of its process. */
export interface UploadLinesParts {
  acceptor: BatchAcceptor;
  clock: Clock;
}

/**
 * UploadLines: each line is a record, part of one, or a reject; an error only where no line at all could be kept.
 *
 * Many long lines make several batches. Where a later one is refused (limit, log away) the earlier are kept all the
 * same: lines have no identity, so a caller who repeats the call has those twice.
 */
export async function uploadLines(
  { acceptor, clock }: UploadLinesParts,
  request: UploadLinesRequest,
  context: CallContext,
): Promise<MessageInitShape<typeof UploadLinesResponseSchema>> {
  checkSizes(request);
  const { format, results } = readLines(request, clock.nowMs());
  const { keeper, rejects, keptAsText } = await keepAll(acceptor, results, context);
  const kept = keeper.added - keeper.rejects.length;
  if (rejects.length > 0 && kept === 0) throw noLineKept(rejects);
  const answer = {
    message: "Logs processed",
    rejected: rejects.length > 0 ? { count: rejects.length, rejects: rejects.map(rejectOf) } : undefined,
  };
  if (format === undefined) return answer;
  const reasons = keptAsText.slice(0, LINES_KEPT_AS_TEXT_TOLD_MAX).map(rejectOf);
  return {
    ...answer,
    format: format.name,
    keptAsText: keptAsText.length > 0 ? { count: keptAsText.length, reasons } : undefined,
    records: kept,
  };
}

/** Reads and keeps line by line, and leaves other calls their turns: lines full of small values are much work. */
async function keepAll(acceptor: BatchAcceptor, results: Iterable<ReadLine>, context: CallContext) {
  const keeper = new RecordKeeper(acceptor, context);
  const places: number[] = []; // Of each record, the index of its first line.
  const rejects: PlacedProblem[] = [];
  const keptAsText: PlacedProblem[] = [];
  let turnLength = 0;
  for (const { index, length, record, problem } of results) {
    if (problem) (record ? keptAsText : rejects).push({ ...problem, index });
    if (record) {
      places.push(index);
      await keeper.add(record);
    }
    turnLength += length;
    if (turnLength < LINES_READ_CHARACTERS_PER_TURN) continue;
    turnLength = 0;
    await new Promise((resolve) => setImmediate(resolve));
    context.signal.throwIfAborted();
  }
  acceptor.countRejectedLines(rejects);
  await keeper.finish();
  for (const reject of keeper.rejects) rejects.push({ ...reject, index: places[reject.index]! });
  rejects.sort((a, b) => a.index - b.index);
  return { keeper, rejects, keptAsText };
}

function checkSizes({ lines, service }: UploadLinesRequest): void {
  if (lines.length > LINES_PER_REQUEST_MAX) {
    const reason = `lines has ${lines.length} lines; the limit is ${LINES_PER_REQUEST_MAX}`;
    throw new LogPulseError("invalid_request", reason, { metadata: { field: "lines" } });
  }
  boundedText("service", service, SERVICE_BYTES_MAX);
}

/** Reasons quote the line, cut anywhere. */
function rejectOf(problem: PlacedProblem) {
  const reason = problem.reason.slice(0, REJECT_TEXT_CHARACTERS_MAX).toWellFormed();
  return rejectMessage({ ...problem, reason });
}

function noLineKept(rejects: readonly PlacedProblem[]): LogPulseError {
  const shown = rejects.slice(0, REJECTS_IN_ERROR_MAX);
  const lines = shown.map((reject) => `lines[${reject.index}] ${reject.field} ${reject.reason}`);
  const more = rejects.length > shown.length ? `; and ${rejects.length - shown.length} more` : "";
  return new LogPulseError("invalid_record", `none of the lines is a record: ${lines.join("; ")}${more}`, {
    metadata: { field: "lines", rejected: String(rejects.length) },
  });
}
