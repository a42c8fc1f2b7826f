import { LogPulseError } from "../../domain/errors.ts";

/** What Elasticsearch said about one record. */
export type Verdict =
  | { is: "stored" }
  | { is: "duplicate" }
  /** Not now; the same may pass later. */
  | { is: "busy"; reason: string }
  /** Never. */
  | { is: "refused"; reason: string; detail: string };

interface ItemError {
  type?: string;
  reason?: string;
  caused_by?: ItemError;
}

// 4xx that tell of the store, not of the record: a closed or blocked index, rights, too many shards. Taking them for
// refusals would turn a wrong setting into a topic full of dead letters.
const STORE_STATUSES = new Set([401, 403, 404, 408, 429]);
const STORE_ERRORS = new Set(["index_closed_exception", "cluster_block_exception", "validation_exception"]);

/** The `query` of a bulk request that keeps just what `verdictsOf` reads. */
export const BULK_ANSWER_FILTER = "items.*.status,items.*.error";

/**
 * One verdict per item, in the order in which they were sent.
 *
 * @throws LogPulseError `store_unavailable` where the answer does not speak of every item: nothing is known then.
 */
export function verdictsOf(answer: unknown, itemCount: number): Verdict[] {
  const items = typeof answer === "object" && answer !== null && "items" in answer ? answer.items : undefined;
  if (!Array.isArray(items) || items.length !== itemCount) {
    const found = Array.isArray(items) ? items.length : "no";
    throw new LogPulseError("store_unavailable", `Elasticsearch spoke of ${found} items, ${itemCount} were sent`);
  }
  return items.map((item: { create?: { status?: unknown; error?: ItemError } } | null) =>
    verdictOf(item?.create?.status, item?.create?.error),
  );
}

function verdictOf(status: unknown, error: ItemError | undefined): Verdict {
  if (typeof status !== "number") throw new LogPulseError("store_unavailable", "Elasticsearch gave an item no status");
  if (status >= 200 && status < 300 && error === undefined) return { is: "stored" };
  if (status === 409) return { is: "duplicate" };
  const reason = error?.type ?? `status_${status}`;
  const ofTheRecord = status >= 400 && status < 500 && !STORE_STATUSES.has(status) && !STORE_ERRORS.has(reason);
  return ofTheRecord ? { is: "refused", reason, detail: detailOf(error) } : { is: "busy", reason };
}

/** The reasons from the outermost to the innermost, which is the one that says it. */
function detailOf(error: ItemError | undefined): string {
  const reasons: string[] = [];
  for (let inner = error; inner && reasons.length < 5; inner = inner.caused_by) reasons.push(inner.reason ?? "");
  return reasons.join(": ");
}
