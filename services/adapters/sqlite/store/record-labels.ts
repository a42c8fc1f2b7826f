import { Severity } from "../../../../gen/logpulse/v1/log_record_pb.ts";
import type { RecordColumns } from "../../../domain/record-columns.ts";
import { sameBytes } from "../../../domain/same-bytes.ts";
import { effectiveSeverity } from "../../../domain/severity.ts";
import { wordsToIndex } from "../../../domain/words.ts";
import { severityMark } from "../reads/record-marks.ts";

const REMEMBERED_MAX = 10_000; // Usually there are few.

/** What is made of a record's service, severity text and severity. */
export interface RecordLabels {
  /** What its severity is for search. */
  severity: number;
  /** As they are indexed. */
  words: string;
}

interface Remembered extends RecordLabels {
  sent: Pick<RecordColumns, "service" | "severityText" | "severity">;
}

/** Makes the labels of records, each once: most records have those of some record before. */
export class LabelMaker {
  /** By a hash of what was sent. */
  private readonly remembered = new Map<number, Remembered>();

  of(columns: RecordColumns): RecordLabels {
    const { service, severityText, severity } = columns;
    const hash = hashOf(service, hashOf(severityText, severity));
    const known = this.remembered.get(hash);
    const isSame =
      known?.sent.severity === severity &&
      sameBytes(known.sent.service, service) &&
      sameBytes(known.sent.severityText, severityText);
    if (known && isSame) return known;
    // Copies: a view would keep its whole batch in memory.
    const sent = { service: service.slice(), severityText: severityText.slice(), severity };
    const made = { sent, severity: severityOf(columns), words: wordsOfLabels(columns) };
    if (this.remembered.size >= REMEMBERED_MAX) this.remembered.clear();
    this.remembered.set(hash, made);
    return made;
  }
}

function severityOf({ severity, severityText }: RecordColumns): number {
  if (severity !== Severity.UNSPECIFIED) return severity;
  return effectiveSeverity({ severity, severityText: Buffer.from(severityText).toString() });
}

function wordsOfLabels({ service, severityText, severity }: RecordColumns): string {
  return `${indexedText(service)} ${indexedText(severityText)} ${severityMark(severity)}`;
}

function indexedText(utf8: Uint8Array): string {
  const words = wordsToIndex(utf8);
  return typeof words === "string" ? words : Buffer.from(words).toString("latin1"); // Bytes are ASCII.
}

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/. */
function hashOf(bytes: Uint8Array, start: number): number {
  let hash = start ^ 0x811c9dc5;
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash;
}
