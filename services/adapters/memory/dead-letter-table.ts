import { clone } from "@bufbuild/protobuf";
import { type DeadLetter, DeadLetterSchema } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { letterKeyText } from "../../domain/dead-letter-key.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { DEAD_LETTERS_COUNTED_MAX, MEMORY_DEAD_LETTERS_BYTES_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  DeadLetterTable,
  LetterPlace,
  LetterQuery,
  LetterState,
  ListedLetter,
} from "../../ports/dead-letter-table.ts";

/** What a letter costs beside its original, roughly. */
const LETTER_BYTES = 500;

interface Row {
  key: string;
  letter: DeadLetter;
  state: LetterState;
  listedMs: number;
  changedMs: number | undefined;
}

/** The dead letters of one process, forgotten when it ends. Where it is full it rejects rather than forgets. */
export class MemoryDeadLetterTable implements DeadLetterTable {
  private readonly clock: Clock;
  private readonly bytesMax: number;
  private readonly rows = new Map<string, Row>(); // By key, the oldest first.
  private bytes = 0;

  constructor(clock: Clock, bytesMax = MEMORY_DEAD_LETTERS_BYTES_MAX) {
    this.clock = clock;
    this.bytesMax = bytesMax;
  }

  async prepare(): Promise<void> {}

  async fill(letters: readonly DeadLetter[]): Promise<number> {
    let added = 0;
    for (const letter of letters) {
      const key = letterKeyText(letter);
      if (this.rows.has(key)) continue;
      this.add(key, letter);
      added++;
    }
    return added;
  }

  async list(
    query: LetterQuery,
    { limit, after, originalBytesMax }: { limit: number; after?: LetterPlace; originalBytesMax: number },
  ): Promise<ListedLetter[]> {
    const found = [...this.rows.values()].filter((row) => meets(row, query)).sort(newestFirst);
    const behind = after === undefined ? found : found.filter((row) => newestFirst(after, row) < 0);
    return behind.slice(0, limit).map((row) => listed(row, originalBytesMax));
  }

  async count(query: LetterQuery): Promise<number> {
    const found = [...this.rows.values()].filter((row) => meets(row, query)).length;
    return Math.min(found, DEAD_LETTERS_COUNTED_MAX);
  }

  async settle(key: string, to: "stored" | "expired"): Promise<boolean> {
    const row = this.rows.get(key);
    if (row?.state !== "open") return false;
    row.state = to;
    row.changedMs = this.clock.nowMs();
    return true;
  }

  async forgetBefore(listedMs: number): Promise<number> {
    const old = [...this.rows.values()].filter((row) => row.listedMs < listedMs);
    for (const { key, letter } of old) {
      this.rows.delete(key);
      this.bytes -= bytesOf(letter);
    }
    return old.length;
  }

  /** Every letter, each once, the oldest first. */
  all(): DeadLetter[] {
    return [...this.rows.values()].map(({ letter }) => letter);
  }

  private add(key: string, letter: DeadLetter): void {
    if (this.bytes + bytesOf(letter) > this.bytesMax) {
      throw new LogPulseError("store_unavailable", `${this.rows.size} dead letters fill the memory given to them`);
    }
    // A copy: the original may be a view on a whole batch, which would stay in memory with it.
    const copy = clone(DeadLetterSchema, letter);
    this.rows.set(key, { key, letter: copy, state: "open", listedMs: this.clock.nowMs(), changedMs: undefined });
    this.bytes += bytesOf(letter);
  }
}

function meets({ key, letter, state, listedMs }: Row, query: LetterQuery): boolean {
  return (
    (letter.tenant === query.tenant || letter.tenant === "") &&
    (query.store === undefined || letter.store === query.store) &&
    (query.reason === undefined || letter.reason === query.reason) &&
    (query.id === undefined || letter.id === query.id) &&
    (query.key === undefined || key === query.key) &&
    (query.state === undefined || state === query.state) &&
    (query.fromMs === undefined || listedMs >= query.fromMs) &&
    (query.toMs === undefined || listedMs < query.toMs)
  );
}

/** Negative where `a` comes before `b`. */
function newestFirst(a: LetterPlace, b: LetterPlace): number {
  if (a.listedMs !== b.listedMs) return b.listedMs - a.listedMs;
  if (a.key === b.key) return 0;
  return a.key > b.key ? -1 : 1;
}

function listed({ key, letter, state, listedMs, changedMs }: Row, originalBytesMax: number): ListedLetter {
  const copy = clone(DeadLetterSchema, letter);
  copy.original = copy.original.slice(0, originalBytesMax);
  return { key, state, listedMs, changedMs, letter: copy, originalBytes: letter.original.length };
}

function bytesOf({ original }: DeadLetter): number {
  return original.length + LETTER_BYTES;
}
