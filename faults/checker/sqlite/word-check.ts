import { SeededRandom } from "../../ledger/seeded-random.ts";
import type { CountedProblem } from "../judge.ts";
import type { Samples } from "../samples.ts";
import type { SqliteReader } from "./sqlite-reader.ts";
import type { StoreRow } from "./store-rows.ts";

const CHARACTERS_MAX = 128;
const SEVERITY_SIGN = "\u00a4"; // Stands before the number that was sent; it belongs to no word.
// Hashes of trace ids and of attributes' values: only a way to records faster, each of which is looked at again. They are
// the store's own; it compares them with its records when it opens its file.
const HASH_SIGN = /^\u00a4[amt]/;
const ASKED_OF = 40; // One record of so many is looked for by its words,
const ASKED_PER_DAY_MAX = 300; // but no more: common words take milliseconds to follow.
const PHRASE_WORDS_MAX = 10;

/** The words of a text, by the contract: runs of letters, digits and _ of its NFC lower case, each cut at 128 characters. */
export function wordsIn(text: string): string[] {
  const found =
    text
      .normalize("NFC")
      .toLowerCase()
      .match(/[\p{L}\p{N}_]+/gu) ?? [];
  return found.map((word) => (word.length <= CHARACTERS_MAX ? word : [...word].slice(0, CHARACTERS_MAX).join("")));
}

/** In how many records a word stands, and how often. */
interface WordCount {
  records: number;
  times: number;
  lastId: number;
}

/** A record to be looked for. */
interface Asked {
  id: number;
  name: string;
  phrase: string;
}

/**
 * Whether all records are found by their words. Each word of each day must stand in as many records, and as often, as a
 * recount says; and some records are looked for by the first words of their messages.
 */
export class WordCheck {
  private readonly reader: SqliteReader;
  private readonly samples: Samples;
  private day: number | undefined;
  private counts = new Map<string, WordCount>();
  private asked: Asked[] = [];
  private readonly random = new SeededRandom(0);
  private askable = 0;
  private rows = 0;
  private differing = 0;
  private notFound = 0;

  constructor(reader: SqliteReader, samples: Samples) {
    this.reader = reader;
    this.samples = samples;
  }

  /** Called with all rows, by day and id. */
  take({ day, id, copy }: StoreRow): void {
    if (day !== this.day) this.endDay();
    this.day = day;
    const { message, service, severityText, severity } = copy.content;
    const words = wordsIn(message);
    for (const word of words) this.count("message", word, id);
    for (const word of [...wordsIn(service), ...wordsIn(severityText)]) this.count("labels", word, id);
    if (severity !== 0) this.count("labels", `${SEVERITY_SIGN}${severity}`, id);
    if (this.rows++ % ASKED_OF !== 0 || words.length === 0) return;
    const phrase = `message : "${words.slice(0, PHRASE_WORDS_MAX).join(" ")}"`;
    const asked = { id, name: `${copy.producer}-${copy.seq}`, phrase };
    // Any of them has the same chance to stay (J. Vitter, "Random sampling with a reservoir", 1985, algorithm R).
    const place = this.random.between(0, this.askable++);
    if (this.asked.length < ASKED_PER_DAY_MAX) this.asked.push(asked);
    else if (place < ASKED_PER_DAY_MAX) this.asked[place] = asked;
  }

  /** After the last row. */
  problems(): CountedProblem[] {
    this.endDay();
    return [
      [this.differing, "words that sqlite's index counts otherwise than the records"],
      [this.notFound, "records of sqlite that are not found by their words"],
    ];
  }

  private count(column: string, word: string, id: number): void {
    const key = `${column} ${word}`;
    const known = this.counts.get(key);
    if (!known) {
      this.counts.set(key, { records: 1, times: 1, lastId: id });
      return;
    }
    known.times++;
    if (known.lastId !== id) known.records++;
    known.lastId = id;
  }

  private endDay(): void {
    if (this.day === undefined) return;
    this.compareCounts(this.day);
    this.ask(this.day);
    this.counts = new Map();
    this.asked = [];
    this.askable = 0;
  }

  private compareCounts(day: number): void {
    this.reader.execute(`CREATE VIRTUAL TABLE temp.vocabulary_${day} USING fts5vocab('main', 'words_${day}', 'col')`);
    for (const { term, col, doc, cnt } of this.reader.rows(`SELECT term, col, doc, cnt FROM temp.vocabulary_${day}`)) {
      if (HASH_SIGN.test(String(term))) continue;
      const key = `${col} ${term}`;
      const { records = 0, times = 0 } = this.counts.get(key) ?? {};
      this.counts.delete(key);
      if (Number(doc) !== records || Number(cnt) !== times)
        this.differ(day, key, `${doc} and ${cnt}`, `${records} and ${times}`);
    }
    for (const [key, { records, times }] of this.counts) this.differ(day, key, "nothing", `${records} and ${times}`);
  }

  private differ(day: number, key: string, is: string, should: string): void {
    this.differing++;
    this.samples.add("words", `the index of day ${day} has ${is} for "${key}"; the records say ${should}`);
  }

  private ask(day: number): void {
    const search = `SELECT rowid FROM words_${day} WHERE words_${day} MATCH ? AND rowid = ?`;
    for (const { id, name, phrase } of this.asked) {
      if (this.reader.row(search, phrase, BigInt(id))) continue;
      this.notFound++;
      this.samples.add("words not found", `${name} is not found by ${phrase}`);
    }
  }
}
