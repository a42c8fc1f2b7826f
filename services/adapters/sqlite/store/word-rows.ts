import type { DatabaseSync, StatementSync } from "node:sqlite";
import { WORD_SEGMENTS_MAX } from "../../../domain/limits.ts";
import { wordsToIndex } from "../../../domain/words.ts";

const MERGE_PAGE_BYTES = 8_000; // Of FTS5's own pages, as in store-schema.ts.
const IDLE_MERGE_PAGES = 100; // About 20 ms.

/**
 * The full-text index of one producer day, as its one writer uses it.
 *
 * FTS5 writes the words of each transaction as a segment of its own, and every search looks into all of them: 200 cost
 * it half a millisecond for a rare word, and a few for a phrase of common ones. Merging them takes a third of the time
 * of indexing. So it is done when there is nothing else to do, and within transactions only where there are too many.
 */
export class WordRows {
  private readonly insertRow: StatementSync;
  private readonly mergeSome: StatementSync;
  private readonly totalChanges: StatementSync;
  private readonly countSegments: StatementSync;
  private added: { id: number; message: Uint8Array; labels: string }[] = [];
  private segments: number;
  private isMerging = false;
  /** False where nothing was added since nothing was left to merge. */
  private mayMerge = true;

  constructor(database: DatabaseSync, day: number) {
    this.insertRow = database.prepare(`INSERT INTO words_${day} (rowid, message, labels) VALUES (?, ?, ?)`);
    this.mergeSome = database.prepare(`INSERT INTO words_${day} (words_${day}, rank) VALUES ('merge', ?)`);
    this.totalChanges = database.prepare("SELECT total_changes() AS changes");
    this.countSegments = database.prepare(`SELECT count(DISTINCT segid) AS segments FROM words_${day}_idx`);
    this.segments = this.counted();
  }

  /** `labels`: as record-labels.ts makes them. */
  add(id: number, message: Uint8Array, labels: string): void {
    this.added.push({ id, message, labels });
  }

  /**
   * Inserts what was added. Statements of other tables that have savepoints of their own would make FTS5 write what it
   * has gathered: so all its rows come last.
   */
  finish(): void {
    if (this.added.length === 0) return;
    let bytes = 0;
    for (const { id, message, labels } of this.added) {
      this.insertRow.run(id, wordsToIndex(message), labels);
      bytes += message.length;
    }
    this.added = [];
    this.segments++;
    this.mayMerge = true;
    if (this.segments > WORD_SEGMENTS_MAX) this.isMerging = true;
    // Faster than they are written: about twice as many bytes as were added.
    if (this.isMerging) this.isMerging = this.merge(1 + Math.ceil(bytes / MERGE_PAGE_BYTES));
  }

  /** Merges a little, in a transaction of the caller's; false where nothing is left that is worth it. */
  mergeStep(): boolean {
    return this.mayMerge && this.merge(IDLE_MERGE_PAGES);
  }

  private merge(pages: number): boolean {
    const before = this.changes();
    this.mergeSome.run(BigInt(pages));
    // As FTS5's documentation has it ("The 'merge' command").
    const isMore = this.changes() - before >= 2;
    if (!isMore) this.segments = this.counted();
    this.mayMerge = isMore;
    return isMore;
  }

  private changes(): number {
    return Number(this.totalChanges.get()!.changes);
  }

  private counted(): number {
    return Number(this.countSegments.get()!.segments);
  }
}
