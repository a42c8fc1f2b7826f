import fc from "fast-check";
import { expect, it } from "vitest";
import { type JoinedText, LineJoiner } from "./join-lines.ts";
import type { LineFormat } from "./line-format.ts";
import { LINE_FORMATS } from "./line-formats.ts";

/** Lines of all kinds, in any order: what is hard to join. */
const CONTENTS = [
  "",
  "plain words",
  "2026-03-01T10:42:07Z ERROR something failed",
  "2026-03-01 10:42:08,123 INFO more",
  "java.lang.IllegalStateException: no",
  'Exception in thread "main" java.lang.Error: x',
  "\tat org.example.Main.run(Main.java:3)",
  "Caused by: java.io.IOException: disk",
  "Error: refused",
  "    at main (/app/main.js:3:1)",
  "Traceback (most recent call last):",
  '  File "a.py", line 3, in run',
  "ValueError: bad",
  "panic: out of range",
  "goroutine 1 [running]:",
  "main.main()",
  "}",
  "x".repeat(70_000),
];
const CARRIED = CONTENTS.flatMap((content) => [
  `2026-03-01T10:42:07Z stdout F ${content}`,
  `2026-03-01T10:42:07Z stderr P ${content}`,
  `<13>Mar  1 10:42:07 host app[1]: ${content}`,
  `<13>Mar  1 10:42:07 host other: ${content}`,
]);

/** Nothing has come for a while. */
const PAUSE = undefined;
const lines = fc.array(fc.constantFrom(...CONTENTS, ...CARRIED, PAUSE), { maxLength: 60 });

/** Joins them; at each place where a joiner says that another one can go on, one does where `goesOn` says so. */
function join(
  format: LineFormat,
  all: readonly (string | typeof PAUSE)[],
  goesOn: (place: number) => boolean,
): [string, boolean][] {
  let joiner = new LineJoiner(format);
  let held: string[] = [];
  const records: JoinedText[] = [];
  all.forEach((line, place) => {
    if (line !== PAUSE) held.push(line);
    for (const record of line === PAUSE ? joiner.flush() : joiner.add(line)) {
      records.push(record);
      held = held.slice(record.lines);
    }
    const { memory } = joiner;
    if (memory === undefined || !goesOn(place)) return;
    joiner = new LineJoiner(format, JSON.parse(JSON.stringify(memory)));
    for (const again of held) expect(joiner.add(again)).toEqual([]);
  });
  return [...records, ...joiner.flush()].map(({ text, continues }) => [text, continues !== undefined]);
}

it.each(LINE_FORMATS.map((format) => [format.name, format] as const))(
  "%s: wherever another joiner takes over, the records are the same",
  (_name, format) => {
    fc.assert(
      fc.property(lines, fc.infiniteStream(fc.boolean()), (all, choices) => {
        const expected = join(format, all, () => false);
        expect(join(format, all, () => true)).toEqual(expected);
        expect(join(format, all, () => choices.next().value)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  },
);
