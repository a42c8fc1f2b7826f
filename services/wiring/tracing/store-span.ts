import type { LoggedBatch } from "../../domain/logged-batch.ts";
import type { StoreCounts } from "../../ports/log-sink.ts";
import type { SpanEnd, SpanStart } from "../../ports/traces.ts";

/** The span of one bulk or transaction. */
export function storeStart(store: string, batches: readonly Pick<LoggedBatch, "recordCount">[]): SpanStart {
  return {
    name: `store ${store}`,
    kind: "client",
    facts: {
      "db.system.name": store,
      "db.operation.name": "store",
      "db.operation.batch.size": batches.reduce((sum, { recordCount }) => sum + recordCount, 0),
      "logpulse.batches": batches.length,
    },
  };
}

/** Its end, with what became of the records. */
export function storeEnd({ stored, duplicate, dropped, deadLettered, rejected, expired }: StoreCounts): SpanEnd {
  return {
    facts: {
      "logpulse.stored": stored,
      "logpulse.duplicate": duplicate,
      "logpulse.dropped": dropped,
      "logpulse.dead_lettered": deadLettered,
      "logpulse.rejected": rejected,
      "logpulse.expired": expired,
    },
  };
}
