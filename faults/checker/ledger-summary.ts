import type { AnswerEntry, LedgerEntry, SentEntry } from "../ledger/ledger-entries.ts";
import type { RecordSource } from "../ledger/record-generator.ts";
import { ACKED, REJECTED, SENT } from "./record-flags.ts";

/** What the ledger says of one producer. */
export interface ProducerSends {
  producer: string;
  source: RecordSource;
  /** SENT, ACKED, REJECTED by seq. */
  flags: Uint8Array;
}

/** What the ledger says of a rival. */
export interface RivalSend {
  producer: string;
  seq: number;
  source: RecordSource;
  acked: boolean;
}

/** What the ledger says of a run. */
export interface LedgerSummary {
  name: string;
  seed: number;
  producers: ProducerSends[];
  /** Records that were sent under identities that others had already; each once. */
  rivals: RivalSend[];
  /** Batches that were sent, each time counted, and what came of them. */
  sends: { all: number; acked: number; refused: number; unknown: number };
  /** Of `sends.all`: how many by which call. */
  calls: Record<string, number>;
}

/** @throws Error where the entries contradict each other: the ledger itself cannot be trusted then. */
export async function summarize(entries: AsyncIterable<LedgerEntry> | Iterable<LedgerEntry>): Promise<LedgerSummary> {
  const summing = new Summing();
  for await (const entry of entries) summing.take(entry);
  return summing.finish();
}

class Summing {
  private run: { name: string; seed: number; baseMs: number } | undefined;
  private readonly producers = new Map<string, ProducerSends>();
  private readonly rivals = new Map<string, RivalSend>();
  private readonly open = new Map<number, SentEntry>();
  private readonly sends = { all: 0, acked: 0, refused: 0, unknown: 0 };
  private readonly calls: Record<string, number> = {};

  take(entry: LedgerEntry): void {
    switch (entry.is) {
      case "run":
        if (this.run) throw new Error("the ledger has two runs");
        this.run = entry;
        return;
      case "producer":
        return this.producer(entry.producer, entry.seed);
      case "sent":
        return this.sent(entry);
      case "answer":
        return this.answer(entry);
    }
  }

  finish(): LedgerSummary {
    if (!this.run) throw new Error("the ledger has no first line");
    this.sends.unknown += this.open.size;
    const { name, seed } = this.run;
    const [producers, rivals] = [[...this.producers.values()], [...this.rivals.values()]];
    return { name, seed, producers, rivals, sends: this.sends, calls: this.calls };
  }

  private producer(producer: string, seed: number): void {
    const known = this.producers.get(producer);
    if (!this.run || (known && known.source.seed !== seed)) throw new Error(`producer ${producer} has two seeds`);
    const source = { seed, baseMs: this.run.baseMs };
    if (!known) this.producers.set(producer, { producer, source, flags: new Uint8Array(0) });
  }

  private sent(entry: SentEntry): void {
    this.sends.all++;
    this.calls[entry.by] = (this.calls[entry.by] ?? 0) + 1;
    this.open.set(entry.send, entry);
    if (entry.rival === undefined) this.mark(entry, () => SENT);
    else this.rival(entry, entry.rival, false);
  }

  private answer({ send, outcome, rejected = [] }: AnswerEntry): void {
    const entry = this.open.get(send);
    if (!entry) throw new Error(`send ${send} has an answer and was not sent, or has two`);
    this.open.delete(send);
    this.sends[outcome]++;
    if (outcome !== "acked") return;
    if (entry.rival !== undefined) return this.rival(entry, entry.rival, true);
    const places = new Set(rejected);
    this.mark(entry, (index) => (places.has(index) ? REJECTED : ACKED));
  }

  private rival({ producer, firstSeq, count }: SentEntry, seed: number, acked: boolean): void {
    const source = { seed, baseMs: this.run!.baseMs };
    for (let seq = firstSeq; seq < firstSeq + count; seq++) {
      const key = `${producer}-${seq} ${seed}`;
      const before = this.rivals.get(key)?.acked ?? false;
      this.rivals.set(key, { producer, seq, source, acked: acked || before });
    }
  }

  private mark({ producer, firstSeq, count }: SentEntry, flag: (index: number) => number): void {
    const sends = this.producers.get(producer);
    if (!sends) throw new Error(`producer ${producer} was not announced`);
    if (sends.flags.length < firstSeq + count) sends.flags = grown(sends.flags, firstSeq + count);
    for (let index = 0; index < count; index++) sends.flags[firstSeq + index]! |= flag(index);
  }
}

function grown(flags: Uint8Array, length: number): Uint8Array {
  const longer = new Uint8Array(Math.max(length, 2 * flags.length));
  longer.set(flags);
  return longer;
}
