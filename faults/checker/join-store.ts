import { type Content, contentHash, severityForSearch } from "./record-content.ts";
import { TIMELESS } from "./record-flags.ts";
import type { Samples } from "./samples.ts";
import type { SentRecords } from "./sent-records.ts";
import type { StoredCopy, StoreName } from "./stored-copy.ts";

const FINGERPRINTS = 2 ** 52; // Two of them still add up exactly.

/** What joining a store's copies with what was sent has found. */
export interface JoinCounts {
  /** Copies that were read. */
  copies: number;
  /** Copies of what was never sent. */
  phantom: number;
  /** Copies that say something else than what was sent. */
  corrupt: number;
  /** Of all copies, in any order: the same again where the store has the same copies. */
  fingerprint: number;
}

/** Marks in `sent` what the store has. */
export async function joinStore(
  sent: SentRecords,
  store: StoreName,
  copies: AsyncIterable<StoredCopy> | Iterable<StoredCopy>,
  tenant: string,
  samples: Samples,
): Promise<JoinCounts> {
  const counts: JoinCounts = { copies: 0, phantom: 0, corrupt: 0, fingerprint: 0 };
  for await (const copy of copies) {
    counts.copies++;
    const records = copy.tenant === tenant ? sent.find(copy.producer, copy.seq) : undefined;
    const name = `${copy.producer}-${copy.seq}`;
    counts.fingerprint = (counts.fingerprint + fingerprintOf(copy)) % FINGERPRINTS;
    if (!records) {
      counts.phantom++;
      samples.add(`phantom in ${store}`, `${store} has ${copy.tenant}/${name}, which was never sent`);
      continue;
    }
    records.found[store][copy.seq]!++;
    const timeless = (records.flags[copy.seq]! & TIMELESS) !== 0;
    if (timeless && store !== "elasticsearch") records.givenTimes.set(copy.seq, copy.timeNanos);
    const fault = faultOf(copy, records.hashes[copy.seq]!, timeless);
    if (fault === undefined) continue;
    counts.corrupt++;
    samples.add(`corrupt in ${store}`, `${store} has ${name} otherwise than it was sent: ${fault}`);
  }
  return counts;
}

/** What is wrong with a copy; undefined where nothing is. `timeless`: the sender gave no time. */
function faultOf(copy: StoredCopy, sentHash: number, timeless: boolean): string | undefined {
  if (copy.flaw !== undefined) return copy.flaw;
  const content: Content = timeless ? { ...copy.content, timeNanos: undefined } : copy.content;
  if (contentHash(content) !== sentHash) return "its content differs";
  const time = timeless ? copy.receivedNanos : content.timeNanos;
  if (copy.timeNanos !== time) return `its time is ${copy.timeNanos}, not ${time}`;
  const severity = severityForSearch(content);
  return copy.severity === severity ? undefined : `its severity for search is ${copy.severity}, not ${severity}`;
}

function fingerprintOf(copy: StoredCopy): number {
  const seq = Number.parseInt(copy.producer.slice(-8), 16) + copy.seq * 31;
  return contentHash(copy.content) + seq + Number(copy.receivedNanos % 1_000_000_007n);
}
