import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { RecordColumns } from "../../domain/record-columns.ts";
import { wordsToIndex } from "../../domain/words.ts";
import { severityMark } from "./severity-mark.ts";

const LABELS_MAX = 10_000; // Of service, severity text and severity together, that are remembered: usually there are few.
const SEGMENTS_BEFORE_MERGE = 32; // More make phrases slow to find, fewer are merged more often.
const MERGE_PAGE_BYTES = 4_000; // Of FTS5's own pages.

/** The full-text index of one producer day, as its one writer uses it. */
export class WordRows {
  private readonly insertRow: StatementSync;
  private readonly mergeSome: StatementSync;
  private readonly totalChanges: StatementSync;
  private readonly labels = new Map<string, string>();
  private added: { id: number; columns: RecordColumns }[] = [];
  /** Transactions whose segments are not merged yet: those before this object was made are unknown. */
  private segments = SEGMENTS_BEFORE_MERGE;

  constructor(database: DatabaseSync, day: number) {
    this.insertRow = database.prepare(`INSERT INTO words_${day} (rowid, message, labels) VALUES (?, ?, ?)`);
    this.mergeSome = database.prepare(`INSERT INTO words_${day} (words_${day}, rank) VALUES ('merge', ?)`);
    this.totalChanges = database.prepare("SELECT total_changes() AS changes");
  }

  add(id: number, columns: RecordColumns): void {
    this.added.push({ id, columns });
  }

  /**
   * Inserts what was added. Statements of other tables that have savepoints of their own would make FTS5 write what it
   * has gathered: so all its rows come last.
   */
  finish(): void {
    if (this.added.length === 0) return;
    let bytes = 0;
    for (const { id, columns } of this.added) {
      this.insertRow.run(id, wordsToIndex(columns.message), this.labelsOf(columns));
      bytes += columns.message.length;
    }
    this.added = [];
    this.segments++;
    if (this.segments > SEGMENTS_BEFORE_MERGE) this.merge(bytes);
  }

  /**
   * FTS5 writes the words of each transaction as a segment of its own, and every search looks into all of them. Once
   * there are many they are merged, a step in each transaction, about twice as many bytes as it has added.
   */
  private merge(bytes: number): void {
    const before = this.changes();
    this.mergeSome.run(BigInt(1 + Math.ceil(bytes / MERGE_PAGE_BYTES)));
    const nothingLeft = this.changes() - before < 2; // As FTS5's documentation has it, "The 'merge' command".
    if (nothingLeft) this.segments = 0;
  }

  private changes(): number {
    return Number(this.totalChanges.get()!.changes);
  }

  private labelsOf({ service, severityText, severity }: RecordColumns): string {
    const key = `${bytesAsText(service)}\n${bytesAsText(severityText)}\n${severity}`;
    const known = this.labels.get(key);
    if (known !== undefined) return known;
    const words = `${indexedText(service)} ${indexedText(severityText)} ${severityMark(severity)}`;
    if (this.labels.size === LABELS_MAX) this.labels.clear();
    this.labels.set(key, words);
    return words;
  }
}

function indexedText(utf8: Uint8Array): string {
  const words = wordsToIndex(utf8);
  return typeof words === "string" ? words : bytesAsText(words); // Bytes are ASCII.
}

/** Each byte as one character: the cheapest text to find something by. */
function bytesAsText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
