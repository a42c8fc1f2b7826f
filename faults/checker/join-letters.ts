import { fromBinary } from "@bufbuild/protobuf";
import type { DeadLetter } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { contentHash, contentOf } from "./record-content.ts";
import type { Samples } from "./samples.ts";
import type { SentRecords } from "./sent-records.ts";
import { STORES, type StoreName } from "./stored-copy.ts";

/** What the dead letters were found to be. */
export interface LetterCounts {
  letters: number;
  /** Letters of what was never sent, or of a store that nobody asked about. */
  phantom: number;
  /** Letters whose original is not what was sent. */
  corrupt: number;
  /** By store and reason ("mysql conflict"): how many, repeats included. */
  reasons: Record<string, number>;
  /** Of each store: `partition@offset` of the messages that it could not read. */
  unreadable: Record<StoreName, Set<string>>;
  /** What makes each letter the letter it is, by `letterKey`. */
  keys: Set<string>;
}

/** Marks in `sent` and its rivals what was kept as a dead letter, for each store of its own. */
export async function joinLetters(
  sent: SentRecords,
  letters: AsyncIterable<DeadLetter> | Iterable<DeadLetter>,
  tenant: string,
  samples: Samples,
): Promise<LetterCounts> {
  const unreadable = Object.fromEntries(STORES.map((store) => [store, new Set()])) as LetterCounts["unreadable"];
  const counts: LetterCounts = { letters: 0, phantom: 0, corrupt: 0, reasons: {}, unreadable, keys: new Set() };
  for await (const letter of letters) {
    counts.letters++;
    counts.keys.add(letterKey(letter));
    const reason = `${letter.store} ${letter.reason}`;
    counts.reasons[reason] = (counts.reasons[reason] ?? 0) + 1;
    const store = storeOf(letter);
    if (store && letter.id === "") {
      unreadable[store].add(`${letter.partition}@${letter.offset}`);
      continue;
    }
    if (store && letter.tenant === tenant && sent.rivals.addLetter(store, letter.id, originalHash(letter))) continue;
    const [producer = "", seqText = ""] = letter.id.split("-");
    const seq = Number(seqText);
    const records = store && letter.tenant === tenant ? sent.find(producer, seq) : undefined;
    if (!store || !records) {
      counts.phantom++;
      samples.add(
        "letter of nobody",
        `there is a dead letter of ${letter.store} for ${letter.id}, which was never sent`,
      );
      continue;
    }
    records.found[`${store}Letters`][seq]!++;
    samples.add(`letter of ${store}`, `${store} made ${letter.id} a dead letter: ${letter.reason}: ${letter.detail}`);
    if (originalHash(letter) !== records.hashes[seq]) {
      counts.corrupt++;
      samples.add("corrupt letter", `the dead letter of ${letter.id} has another original than was sent`);
    }
  }
  return counts;
}

/** A letter is the same where store, tenant, identity and reason are; what could not be read is known by its place. */
export function letterKey(letter: LetterFacts): string {
  const { store, tenant, id, reason, partition, offset } = letter;
  return JSON.stringify([store, tenant, id === "" ? `${partition}@${offset}` : id, reason]);
}

/** What a letter and its row in the table both have. */
export type LetterFacts = Pick<DeadLetter, "store" | "tenant" | "id" | "reason" | "partition" | "offset">;

/** How many letters of the topic the table lacks, and how many of its rows the topic has no letter for. */
export async function differingRows(
  { keys }: LetterCounts,
  rows: AsyncIterable<LetterFacts> | Iterable<LetterFacts>,
  samples: Samples,
): Promise<number> {
  const left = new Set(keys);
  let strange = 0;
  for await (const row of rows) {
    if (left.delete(letterKey(row))) continue;
    strange++;
    samples.add("table of dead letters", `the table has ${letterKey(row)} twice, or the topic has it not`);
  }
  for (const key of left) samples.add("table of dead letters", `the table lacks ${key}`);
  return left.size + strange;
}

function storeOf({ store }: DeadLetter): StoreName | undefined {
  return STORES.find((name) => name === store);
}

function originalHash({ original }: DeadLetter): number | undefined {
  try {
    return contentHash(contentOf(fromBinary(LogRecordSchema, original)));
  } catch {
    return undefined; // Not a record: it differs from every record.
  }
}
