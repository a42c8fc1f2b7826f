import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { ErrorShares } from "./access-draw.ts";
import { failedAnswer, noAnswer } from "./http-answers.ts";
import { HttpPost } from "./http-post.ts";
import type { Answer, LoadTarget } from "./load-target.ts";
import { type BatchSource, drawLines } from "./record-source.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** `POST /upload`: a JSON array of lines without identity, as system B's generator sends them. */
export function linesUpload(
  url: URL,
  timeoutMs: number,
  random: SeededRandom,
  shares: ErrorShares,
): LoadTarget<Buffer> {
  const post = new HttpPost(url, timeoutMs);
  return {
    name: url.href,
    isIdentified: false,
    draw: (records, span) => Buffer.from(JSON.stringify(drawLines(random, shares, records, span))),
    send: (body, records) => answerOf(post, body, (answer) => keptLines(answer, records)),
    close: () => post.close(),
  };
}

/** `POST /v1/logs:write`: a batch with declared identities, as JSON. */
export function restWrite(url: URL, timeoutMs: number, source: BatchSource): LoadTarget<Buffer> {
  const post = new HttpPost(url, timeoutMs);
  return {
    name: url.href,
    isIdentified: true,
    draw: (records, span) => Buffer.from(JSON.stringify(toJson(LogBatchSchema, source.next(records, span)))),
    send: (body, records) => answerOf(post, body, (answer) => keptBatch(answer, records)),
    close: () => post.close(),
  };
}

interface Kept {
  accepted: number;
  rejected: number;
  firstReject: string | undefined;
}

async function answerOf(post: HttpPost, body: Buffer, readKept: (answer: JsonValue) => Kept): Promise<Answer> {
  try {
    const answer = await post.send(body);
    if (answer.status < 200 || answer.status > 299) return failedAnswer(answer, Date.now());
    return { kind: "kept", name: String(answer.status), ...readKept(parsed(answer.body)) };
  } catch (reason) {
    return noAnswer(reason);
  }
}

/** Other servers may answer what they like: only their status counts. */
function parsed(body: string): JsonValue {
  try {
    return JSON.parse(body) as JsonValue;
  } catch {
    return null;
  }
}

interface RejectJson {
  index?: number;
  field?: string;
  reason?: string;
}

function keptLines(answer: JsonValue, records: number): Kept {
  const { rejected } = (answer ?? {}) as { rejected?: { count?: unknown; rejects?: unknown } };
  return keptOf(rejected?.count, rejected?.rejects, records);
}

function keptBatch(answer: JsonValue, records: number): Kept {
  const { rejects } = (answer ?? {}) as { rejects?: unknown };
  return keptOf(Array.isArray(rejects) ? rejects.length : 0, rejects, records);
}

/** A count that cannot be is none. */
function keptOf(count: unknown, rejects: unknown, records: number): Kept {
  const isCount = typeof count === "number" && Number.isInteger(count) && count >= 0 && count <= records;
  const rejected = isCount ? count : 0;
  const first = Array.isArray(rejects) ? (rejects[0] as RejectJson | null | undefined) : undefined;
  return { accepted: records - rejected, rejected, firstReject: rejectText(first ?? undefined) };
}

function rejectText(reject: RejectJson | undefined): string | undefined {
  return reject && `record ${reject.index ?? 0}: ${reject.field} ${reject.reason}`;
}
