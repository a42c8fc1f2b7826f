import fc from "fast-check";
import { HOSTILE_TEXTS } from "../ports/hostile-texts.ts";
import { attributeLeaves } from "./attribute-leaves.ts";
import { type Condition, NUMBER_FIELDS, type NumberField, TEXT_FIELDS, type TextField } from "./condition.ts";
import { MatchedRecord } from "./matched-record.ts";
import { severityRangeOfWord } from "./severity.ts";
import type { StoredRecord } from "./stored-record.ts";
import { wordsOf } from "./words.ts";

/**
 * Conditions of every kind, most of them made of what one of the records holds, so that they find it; in one another up
 * to four levels deep. For property tests.
 */
export function conditionsOn(records: readonly StoredRecord[]): fc.Arbitrary<Condition> {
  const simple = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...records).chain(conditionOnOne) },
    { weight: 1, arbitrary: strangeCondition },
  );
  return fc.letrec<{ condition: Condition; nested: Condition }>((tie) => {
    const of = fc.array(tie("condition"), { maxLength: 4 });
    return {
      condition: fc.oneof({ maxDepth: 4, withCrossShrink: true }, simple, tie("nested")),
      nested: fc.oneof(
        fc.record({ kind: fc.constant("all" as const), of }),
        fc.record({ kind: fc.constant("any" as const), of }),
        fc.record({ kind: fc.constant("not" as const), of: tie("condition") }),
      ),
    };
  }).condition;
}

function conditionOnOne(stored: StoredRecord): fc.Arbitrary<Condition> {
  const record = new MatchedRecord(stored.producer, stored);
  const inMessage = conditionsOnWords(record.words);
  const labels = wordsOf(`${stored.record.service} ${stored.record.severityText}`);
  const anywhere = [...labels, ...record.words].slice(0, 20);
  const leaves = attributeLeaves(stored.record.attributes ?? {}).filter(({ path, text }) => path !== "" && text !== "");
  const { producer, seq } = stored;
  return fc.oneof(
    ...inMessage,
    ...(anywhere.length > 0 ? [wordsArbitrary(anywhere, "anywhere")] : []),
    levelArbitrary(stored.record.severityText),
    fc.constantFrom(...TEXT_FIELDS).chain((field) => textArbitrary(field, record.text(field))),
    fc.constantFrom(...NUMBER_FIELDS).chain((field) => numberArbitrary(field, BigInt(record.number(field) ?? 0))),
    ...(leaves.length > 0
      ? [fc.constantFrom(...leaves).chain(({ path, text }) => attributeArbitrary(path, text))]
      : []),
    fc.integer({ min: -1, max: 1 }).map((off): Condition => ({ kind: "identity", producer, seq: Math.abs(seq + off) })),
  );
}

function conditionsOnWords(words: readonly string[]): fc.Arbitrary<Condition>[] {
  if (words.length === 0) return [];
  const place = fc.nat(words.length - 1);
  return [
    wordsArbitrary(words, "message"),
    fc
      .tuple(place, fc.integer({ min: 1, max: 4 }))
      .map(([start, length]): Condition => ({ kind: "phrase", words: words.slice(start, start + length) })),
    fc
      .tuple(fc.constantFrom(...words), fc.integer({ min: 1, max: 5 }))
      .map(([word, length]): Condition => ({ kind: "word_prefix", prefix: codePoints(word, 0, length) })),
  ];
}

function wordsArbitrary(words: readonly string[], scope: "message" | "anywhere"): fc.Arbitrary<Condition> {
  return fc
    .array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 })
    .map((some): Condition => ({ kind: "words", words: some, scope }));
}

function levelArbitrary(sent: string): fc.Arbitrary<Condition> {
  const usual = fc.constantFrom("trace", "DEBUG", "Info", "notice", "WARNING", "err", "FATAL", "odd");
  return (sent === "" ? usual : fc.oneof(fc.constant(sent), usual)).map(
    (text): Condition => ({ kind: "level", text, range: severityRangeOfWord(text) }),
  );
}

function textArbitrary(field: TextField, held: string): fc.Arbitrary<Condition> {
  const exists = fc.constant<Condition>({ kind: "text", field, test: "exists", value: "" });
  if (held === "") return exists;
  const inOtherCase = fc.constantFrom(held, held.toUpperCase(), held.toLowerCase());
  return fc.oneof(
    inOtherCase.map((value): Condition => ({ kind: "text", field, test: "equals", value })),
    pieceOf(held, 0).map((value): Condition => ({ kind: "text", field, test: "prefix", value })),
    fc
      .nat(30)
      .chain((start) => pieceOf(held, start))
      .map((value): Condition => ({ kind: "text", field, test: "contains", value })),
    exists,
  );
}

function attributeArbitrary(path: string, held: string): fc.Arbitrary<Condition> {
  return fc.oneof(
    fc.constant<Condition>({ kind: "attribute", path, test: "equals", value: held }),
    pieceOf(held, 0).map((value): Condition => ({ kind: "attribute", path, test: "prefix", value })),
    fc.constant<Condition>({ kind: "attribute", path, test: "exists", value: "" }),
  );
}

const MOST = 2n ** 63n - 1n;

function numberArbitrary(field: NumberField, held: bigint): fc.Arbitrary<Condition> {
  const bound = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: -2, max: 2 }).map((off) => held + BigInt(off)) },
    { weight: 1, arbitrary: fc.constantFrom(0n, -1n, 2n ** 31n, 2n ** 53n, MOST, -MOST - 1n) },
  );
  const within = bound.map((number) => (number > MOST ? MOST : number));
  return fc.record({
    kind: fc.constant("number" as const),
    field: fc.constant(field),
    min: fc.option(within, { nil: undefined }),
    max: fc.option(within, { nil: undefined }),
  });
}

const strangeText = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS, "*", "?", "a*", "%", "_", "\\", "\\*", "path", "GET", "0", "true"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 6 }),
);

/** Made of no record: query syntax, paths that are not there. */
const strangeCondition: fc.Arbitrary<Condition> = fc.oneof(
  fc.constantFrom(...TEXT_FIELDS).chain((field) => strangeText.chain((value) => textArbitrary(field, value))),
  fc.tuple(strangeText, strangeText).chain(([path, value]) => attributeArbitrary(path, value)),
  strangeText.map((value): Condition => ({ kind: "level", text: value, range: severityRangeOfWord(value) })),
  strangeText.chain((value) => fc.oneof(...conditionsOnWords(wordsOf(`${value} stranger`)))),
);

/** A few characters of the text from that one on, or its last; never half of one. */
function pieceOf(text: string, start: number): fc.Arbitrary<string> {
  const last = Array.from(text).length - 1;
  const from = Math.min(start, last);
  return fc.integer({ min: 1, max: 12 }).map((length) => codePoints(text, from, from + length));
}

function codePoints(text: string, start: number, end: number): string {
  return Array.from(text).slice(start, end).join("");
}
