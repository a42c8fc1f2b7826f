import { setImmediate as nextTurn } from "node:timers/promises";
import { STORE_COMPARE_MS_MAX } from "../../../domain/limits.ts";
import type { LoggedRecord } from "../../../domain/logged-batch.ts";
import { sameContent } from "../../../domain/record-content.ts";
import type { StoredContent } from "../../../domain/refused-record.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { StoreTables } from "./store-tables.ts";

const TURN_MS_MAX = 50; // Then others of this thread get their turn.

/** A record whose bytes are not those that have its identity: of a row, or of a record that came before it in the call. */
export interface UnlikeRecord {
  logged: LoggedRecord;
  stored: LoggedRecord | { day: number; id: number };
}

/** What comparisons have found. */
export interface ComparisonResults {
  /** Undefined where the two were not compared. */
  of(unlike: UnlikeRecord): StoredContent | undefined;
}

/**
 * Compares records by what they say, between transactions. Of one call, however often it is planned: what was found is
 * not looked for again, and the time for it is STORE_COMPARE_MS_MAX in all, the reading of rows included.
 */
export class ContentComparison implements ComparisonResults {
  private readonly tables: StoreTables;
  private readonly clock: Clock;
  private readonly msMax: number;
  private spentMs = 0;
  private readonly found = new Map<LoggedRecord, { key: LoggedRecord | string; content: StoredContent }>();

  constructor(tables: StoreTables, clock: Clock, msMax = STORE_COMPARE_MS_MAX) {
    this.tables = tables;
    this.clock = clock;
    this.msMax = msMax;
  }

  of({ logged, stored }: UnlikeRecord): StoredContent | undefined {
    const known = this.found.get(logged);
    return known?.key === keyOf(stored) ? known.content : undefined;
  }

  /** Finds an answer for each, `not_compared` once the time is up. Days may be dropped and rows added meanwhile. */
  async compare(unlike: readonly UnlikeRecord[]): Promise<void> {
    let lastMs = this.clock.nowMs();
    let turnEndsMs = this.spentMs + TURN_MS_MAX;
    const spend = () => {
      const nowMs = this.clock.nowMs();
      this.spentMs += Math.max(0, nowMs - lastMs); // Clocks can be set back.
      lastMs = nowMs;
    };
    for (const one of unlike) {
      this.found.set(one.logged, { key: keyOf(one.stored), content: this.contentOf(one) });
      spend();
      if (this.spentMs < turnEndsMs) continue;
      await nextTurn();
      spend();
      turnEndsMs = this.spentMs + TURN_MS_MAX;
    }
  }

  private contentOf({ logged, stored }: UnlikeRecord): StoredContent {
    if (this.spentMs >= this.msMax) return "not_compared";
    const bytes = "bytes" in stored ? stored.bytes : this.rowBytes(stored);
    return bytes && sameContent(bytes, logged.bytes) ? "same" : "other"; // Gone with its day: then this one is expired.
  }

  private rowBytes({ day, id }: { day: number; id: number }): Uint8Array | undefined {
    return this.tables.read(() => this.tables.recordDay(day)?.record(id));
  }
}

function keyOf(stored: UnlikeRecord["stored"]): LoggedRecord | string {
  return "bytes" in stored ? stored : `${stored.day} ${stored.id}`;
}
