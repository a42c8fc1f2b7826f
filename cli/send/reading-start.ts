import { SEND_PRODUCER_LATE_MS_MAX } from "../../services/domain/limits.ts";
import type { LineFormatName } from "../../services/domain/lines/line-format.ts";
import type { ReadingStart } from "./followed-parts.ts";
import type { OpenedFile } from "./opened-file.ts";
import type { FilePosition } from "./position-file.ts";
import { newProducer, producerTimeMs } from "./producers.ts";

/** Of a file that is read for the first time. */
export function startOfNew(format: LineFormatName | undefined, nowMs: number): ReadingStart {
  const position = { offset: 0, lines: 0, memory: [], producer: newProducer(nowMs), seq: 0 };
  return { position, marks: [], format, inDoubtEnd: 0 };
}

/**
 * Of a file that was read before. A server refuses producers that are older than what it keeps: what was sent and not
 * acknowledged so long ago may be sent twice.
 */
export function startFrom(before: FilePosition, { size }: OpenedFile, nowMs: number): ReadingStart {
  const { position, marks, format } = before;
  const start = { position, marks, format, inDoubtEnd: size };
  if (nowMs - producerTimeMs(position.producer) <= SEND_PRODUCER_LATE_MS_MAX) return start;
  return {
    ...start,
    position: { ...position, producer: newProducer(nowMs), seq: 0 },
    marks: marks.map(({ offset }) => ({ offset })),
  };
}
