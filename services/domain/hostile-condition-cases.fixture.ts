import { HOSTILE_TEXTS } from "../ports/hostile-texts.ts";
import type { ConditionCase } from "./condition-case.fixture.ts";
import { anywhere, attribute, level, phrase, text, wordPrefix, words } from "./conditions.fixture.ts";
import { wordsOf } from "./words.ts";

const HOSTILE_SEARCHES = [
  ...HOSTILE_TEXTS,
  'message:"x" AND (level:ERROR OR *) NOT [a TO z} && || ! ^2 ~3 /re.*/ \\',
  '"}]}}},"size":10000,"query":{"match_all":{}},"x":[{"y":"',
  "' UNION SELECT password FROM users WHERE 'a' = 'a",
  "?*%_[]()\"'`",
  "wild* c?rd 50% under_score",
  "\n\r\t \u3000\u00a0",
  "w".repeat(10_000),
];

/** The text in every field that can have one. */
function hostileCase(hostile: string): ConditionCase {
  const short = hostile.slice(0, 60);
  const label = hostile.slice(0, 20);
  const long = `${hostile} ${"x".repeat(10_000)} ${hostile}`;
  const [word] = wordsOf(hostile);
  const http = { method: label, path: short, userAgent: short, referer: short, protocol: label, clientIp: label };
  const all = {
    message: hostile,
    service: short,
    severityText: label,
    attributes: { [short]: short, a: [short] },
    http,
  };
  const other = { message: "something else", service: "other", severityText: "INFO", attributes: { a: "1" } };
  const texts = (["path", "user_agent", "referer", "service"] as const).flatMap((field) => [
    [text(field, short), [0]] as const,
    [text(field, short, "prefix"), [0]] as const,
    [text(field, short, "contains"), [0]] as const,
  ]);
  const labels = (["severity_text", "protocol", "client_ip", "method"] as const).map(
    (field) => [text(field, label), [0]] as const,
  );
  return {
    title: `${JSON.stringify(hostile.slice(0, 40))} as text, not as syntax`,
    records: [all, { message: long }, other, {}],
    asked: [
      ...(word === undefined
        ? []
        : ([
            [words(hostile), [0, 1]],
            [phrase(hostile), [0, 1]],
            [anywhere(hostile), [0, 1]],
            [wordPrefix(word), [0, 1]],
          ] as const)),
      [phrase(long), [1]],
      [level(label), [0]],
      ...texts,
      ...labels,
      [attribute("a", short), [0]],
      [attribute("a", short, "prefix"), [0]],
      ...(short.includes("\0") ? [] : ([[attribute(short, short), [0]]] as const)),
    ],
  };
}

/** Query syntax of every engine, in every field that can have it. */
export const HOSTILE_CASES: ConditionCase[] = HOSTILE_SEARCHES.map(hostileCase);
