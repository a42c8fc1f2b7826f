import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RECORD_LINES_BYTES_MAX, RECORD_LINES_MAX, UNDECIDED_LINES_MAX } from "../limits.ts";
import { type JoinedText, LineJoiner } from "./join-lines.ts";
import { LINE_FORMAT_NAMES, type LineFormatName } from "./line-format.ts";
import { lineFormat } from "./line-formats.ts";
import { STACK_TRACES } from "./stack-traces.fixture.ts";

function join(lines: readonly string[], format: LineFormatName = "text"): JoinedText[] {
  const joiner = new LineJoiner(lineFormat(format));
  return [...lines.flatMap((line) => joiner.add(line)), ...joiner.flush()];
}

function textsOf(lines: readonly string[], format: LineFormatName = "text"): string[] {
  return join(lines, format).map(({ text }) => text);
}

const TRACES = Object.entries(STACK_TRACES);

describe("a stack trace stays one record", () => {
  it.each(TRACES)("among lines without times: %s", (_name, trace) => {
    expect(textsOf(["begun", ...trace.split("\n"), "done"])).toEqual(["begun", trace, "done"]);
  });

  it.each(TRACES)("among lines with times: %s", (_name, trace) => {
    const [begun, done] = ["2026-11-22 10:00:00 INFO begun", "2026-11-22 10:00:01 INFO done"];
    const texts = textsOf([begun, ...trace.split("\n"), done]);
    const isProgramsEnd = /^(Exception in thread "|panic: |fatal error: |runtime: |SIG)/.test(trace);
    expect(texts).toEqual(isProgramsEnd ? [begun, trace, done] : [`${begun}\n${trace}`, done]);
  });

  it.each(TRACES)("beside another one: %s", (_name, trace) => {
    for (const [, other] of TRACES) {
      expect(textsOf([...trace.split("\n"), ...other.split("\n")])).toEqual([trace, other]);
    }
  });

  it.each(TRACES)("among lines of other formats: %s", (_name, trace) => {
    const others: [LineFormatName, string][] = [
      ["json", '{"level":"info","msg":"x"}'],
      ["logfmt", "level=info msg=x"],
      ["access", "2026-11-22T10:00:00Z 10.0.0.1 GET / 200 1ms"],
      ["combined", '10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1'],
      ["envoy", '[2026-11-22T10:00:00.123Z] "GET / HTTP/1.1" 200 - 0 1 2 1 "-" "curl" "id" "host" "10.0.0.2:80"'],
    ];
    for (const [format, line] of others) {
      expect([format, ...textsOf([line, ...trace.split("\n"), line], format)]).toEqual([format, line, trace, line]);
    }
  });

  it.each(TRACES)("in a container's log: %s", (_name, trace) => {
    const head = "2026-11-22T10:00:00.123456789Z stderr F ";
    const lines = ["begun", ...trace.split("\n"), "done"].map((line) => head + line);
    expect(textsOf(lines, "cri")).toEqual([lines[0], lines.slice(1, -1).join("\n"), lines.at(-1)]);
  });

  it.each(TRACES)("as messages of syslog: %s", (_name, trace) => {
    const head = "<27>Nov 22 10:00:00 host shop[12]: ";
    const lines = ["begun", ...trace.split("\n"), "done"].map((line) => head + line);
    expect(textsOf(lines, "syslog")).toEqual([lines[0], lines.slice(1, -1).join("\n"), lines.at(-1)]);
  });

  it("of a thousand frames, with a cause", () => {
    const frames = Array.from({ length: 1_024 }, (_, n) => `\tat org.example.Tree.walk(Tree.java:${n})`);
    const trace = [
      'Exception in thread "main" java.lang.StackOverflowError',
      ...frames,
      "Caused by: a.B: c",
      ...frames,
    ];
    expect(textsOf(["begun", ...trace, "done"])).toEqual([
      "begun",
      trace.slice(0, RECORD_LINES_MAX).join("\n"),
      trace.slice(RECORD_LINES_MAX).join("\n"),
      "done",
    ]);
    expect(textsOf(trace.slice(0, 1_500))).toHaveLength(1);
  });
});

describe("lines of plain text", () => {
  const timed = (n: number, text = "x") => `2026-11-22 10:00:0${n} ${text}`;

  it.each<[string, string[], string[][]]>([
    ["without times each stand alone", ["a", "b", "c"], [["a"], ["b"], ["c"]]],
    ["that are indented follow", ["a", "  b", "\tc", "d"], [["a", "  b", "\tc"], ["d"]]],
    ["that are empty follow", ["a", "", "b"], [["a", ""], ["b"]]],
    ["that close brackets follow", ["{", '  "a": 1', "}", "b"], [["{", '  "a": 1', "}"], ["b"]]],
    [
      "follow where times have been seen",
      ["a", timed(1), "b", "c", timed(2), "d"],
      [["a"], [timed(1), "b", "c"], [timed(2), "d"]],
    ],
    ["that could not begin a record stand alone at the very start", ["  a", "\tb", "c"], [["  a", "\tb"], ["c"]]],
    [
      "with a time in brackets or behind a level",
      ["[INFO] 2026-11-22 10:00:00 a", "b", `WARN ${timed(1)}`],
      [["[INFO] 2026-11-22 10:00:00 a", "b"], [`WARN ${timed(1)}`]],
    ],
    [
      "with a time further in have none",
      [timed(1), "at about 2026-11-22 10:00:00", timed(2)],
      [[timed(1), "at about 2026-11-22 10:00:00"], [timed(2)]],
    ],
    [
      "with a time that is indented belong to the record",
      [timed(1), `  ${timed(2)}`, timed(3)],
      [[timed(1), `  ${timed(2)}`], [timed(3)]],
    ],
    ["may be errors without frames", ["Error: a", "Error: b", "c"], [["Error: a"], ["Error: b"], ["c"]]],
    ["behind an error may be a sentence", ["Error: a", "at least b", "c"], [["Error: a"], ["at least b"], ["c"]]],
    [
      "may be frames whose indentation was cut off",
      ["a.B: c", "d", "at e.F.g(F.java:1)"],
      [["a.B: c", "d", "at e.F.g(F.java:1)"]],
    ],
    ["behind an error may be indented", ["Error: a", "b", "  c", "d"], [["Error: a"], ["b", "  c"], ["d"]]],
    [
      "between errors belong to the one with frames",
      ["Error: a", "b", "Error: c", "d", "    at e (f:1:1)", "g"],
      [["Error: a"], ["b"], ["Error: c", "d", "    at e (f:1:1)"], ["g"]],
    ],
    [
      "before a traceback tell of it where they begin with a level",
      ["ERROR:root:a", "Traceback (most recent call last):", '  File "b", line 1', "c", "WARNING:root:d"],
      [["ERROR:root:a", "Traceback (most recent call last):", '  File "b", line 1', "c"], ["WARNING:root:d"]],
    ],
    [
      "before a traceback stand alone otherwise",
      ["a", "Traceback (most recent call last):", '  File "b", line 1', "c"],
      [["a"], ["Traceback (most recent call last):", '  File "b", line 1', "c"]],
    ],
    [
      "before an exception tell of it where they begin with a level",
      ["ERROR shop.Orders - a", "java.lang.Error: b", "\tat c.D.e(D.java:1)", "INFO f"],
      [["ERROR shop.Orders - a", "java.lang.Error: b", "\tat c.D.e(D.java:1)"], ["INFO f"]],
    ],
  ])("%s", (_what, lines, records) => {
    expect(textsOf(lines)).toEqual(records.map((record) => record.join("\n")));
  });

  it("wait for frames, but not for ever", () => {
    const message = Array.from({ length: UNDECIDED_LINES_MAX + 1 }, (_, n) => `line ${n}`);
    const frame = "    at main (app.js:1:1)";
    const short = ["Error: a", ...message.slice(1), frame];
    expect(textsOf(short)).toEqual([short.join("\n")]);
    expect(textsOf(["Error: a", ...message, frame])).toEqual([
      "Error: a",
      ...message.slice(0, -1),
      `${message.at(-1)}\n${frame}`,
    ]);
  });

  it("come out when the next record has begun, or at a flush", () => {
    const joiner = new LineJoiner(lineFormat("text"));
    expect(joiner.add("a")).toEqual([]);
    expect(joiner.add("  b")).toEqual([]);
    expect(joiner.add("c")).toEqual([{ text: "a\n  b", firstLine: 0, lines: 2 }]);
    expect(joiner.flush()).toEqual([{ text: "c", firstLine: 2, lines: 1 }]);
    expect(joiner.flush()).toEqual([]);
    expect(joiner.add("  d")).toEqual([]);
    expect(joiner.add("e")).toEqual([{ text: "  d", firstLine: 3, lines: 1 }]);
  });

  it("are remembered to have times over a flush", () => {
    const joiner = new LineJoiner(lineFormat("text"));
    joiner.add(timed(1));
    joiner.flush();
    joiner.add("a");
    joiner.add("b");
    expect(joiner.add(timed(2))).toEqual([{ text: "a\nb", firstLine: 1, lines: 2 }]);
  });
});

describe("a record that is too long becomes several", () => {
  it("of RECORD_LINES_MAX lines, which tell with what it began", () => {
    const more = Array.from({ length: 2 * RECORD_LINES_MAX }, (_, n) => ` ${n}`);
    const parts = join(["first", ...more, "next"]);
    expect(parts.map(({ lines, continues }) => [lines, continues])).toEqual([
      [RECORD_LINES_MAX, undefined],
      [RECORD_LINES_MAX, "first"],
      [1, "first"],
      [1, undefined],
    ]);
  });

  it("of RECORD_LINES_BYTES_MAX bytes, where no single line is longer", () => {
    const long = ` ${"é".repeat(RECORD_LINES_BYTES_MAX / 8)}`;
    const parts = join([
      "first",
      ...Array.from({ length: 9 }, () => long),
      "x".repeat(2 * RECORD_LINES_BYTES_MAX),
      long,
    ]);
    expect(parts.map(({ lines, continues }) => [lines, continues?.slice(0, 5)])).toEqual([
      [4, undefined],
      [3, "first"],
      [3, "first"],
      [1, undefined],
      [1, "xxxxx"],
    ]);
  });

  it("also while its lines wait", () => {
    const waiting = Array.from({ length: RECORD_LINES_MAX + 10 }, () => "  x");
    const joiner = new LineJoiner(lineFormat("text"));
    joiner.add("Error: a");
    const early = waiting.flatMap((line) => joiner.add(line));
    expect(early.length).toBeGreaterThan(0);
    expect([...early, ...joiner.flush()].map(({ lines }) => lines)).toEqual([RECORD_LINES_MAX, 11]);
  });
});

describe("a container's log", () => {
  const cri = (stream: string, tag: string, content: string) => `2026-11-22T10:00:00.1Z ${stream} ${tag} ${content}`;

  it("joins lines that were cut", () => {
    const [a, b, c] = [cri("stdout", "P", "one "), cri("stdout", "P", "two "), cri("stdout", "F", "three")];
    expect(textsOf([a, b, c, cri("stdout", "F", "next")], "cri")).toEqual([
      [a, b, c].join("\n"),
      cri("stdout", "F", "next"),
    ]);
  });

  it("keeps streams apart, and what is known of each", () => {
    const lines = [
      cri("stdout", "F", "2026-11-22 10:00:00 a"),
      cri("stdout", "F", "more of a"),
      cri("stderr", "F", "b"),
      cri("stderr", "F", "c"),
      cri("stdout", "F", "2026-11-22 10:00:01 d"),
      cri("stdout", "F", "more of d"),
    ];
    expect(join(lines, "cri").map(({ lines }) => lines)).toEqual([2, 1, 1, 2]);
  });

  it("joins Docker's, whose lines are whole where they end with a break", () => {
    const docker = (log: string) => JSON.stringify({ log, stream: "stdout", time: "2026-11-22T10:00:00Z" });
    const lines = [docker("cut "), docker("line\n"), docker("Error: a\n"), docker("    at b (c:1:1)\n"), docker("d\n")];
    expect(join(lines, "cri").map(({ lines }) => lines)).toEqual([2, 2, 1]);
  });

  it("leaves what is none of it alone", () => {
    expect(textsOf([cri("stdout", "F", "a"), "b", "  c", cri("stdout", "F", "d")], "cri")).toEqual([
      cri("stdout", "F", "a"),
      "b\n  c",
      cri("stdout", "F", "d"),
    ]);
  });
});

describe("syslog", () => {
  it("joins lines without a head, and indented messages of the same process", () => {
    const [a, b] = ["Nov 22 10:00:00 host a[1]: x", "Nov 22 10:00:00 host b[2]: y"];
    const indented = "Nov 22 10:00:00 host b[2]:   more";
    expect(textsOf([a, "more of a", b, indented, a], "syslog")).toEqual([`${a}\nmore of a`, `${b}\n${indented}`, a]);
    expect(textsOf([a, indented, b], "syslog")).toEqual([a, indented, b]);
    expect(textsOf(["no head", "  none", a], "syslog")).toEqual(["no head\n  none", a]);
  });

  it("leaves a message of sudo alone, which begins with blanks before the user's name", () => {
    const closed = "Nov 22 10:00:00 host sudo: pam_unix(sudo:session): session closed for user root";
    const asked = "Nov 22 10:05:00 host sudo:    frank : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls";
    expect(textsOf([closed, asked, closed], "syslog")).toEqual([closed, asked, closed]);
  });
});

describe("whatever the lines", () => {
  const times = fc.nat({ max: 59 }).map((second) => `2026-11-22 10:00:${String(second).padStart(2, "0")}`);
  const line = fc.oneof(
    fc.constantFrom(...TRACES.flatMap(([, trace]) => trace.split("\n"))),
    fc.constantFrom("", " ", "\t", "{", "}", '{"a":1}', "Error: x", "panic: x", "ERROR x", '"""', "level=info msg=x"),
    fc.tuple(times, fc.string()).map((parts) => parts.join(" ")),
    fc
      .tuple(fc.constantFrom("stdout", "stderr"), fc.constantFrom("P", "F"), fc.string())
      .map(([stream, tag, text]) => `2026-11-22T10:00:00Z ${stream} ${tag} ${text}`),
    fc.string({ unit: "binary" }).map((text) => text.replaceAll("\n", "")),
    fc.constant(` ${"x".repeat(50_000)}`),
    fc.constant("y".repeat(50_000)),
  );

  const flush = fc.constant(undefined);
  const steps = fc.array(fc.oneof({ weight: 15, arbitrary: line }, { weight: 1, arbitrary: flush }), {
    maxLength: 80,
    size: "max",
  });

  it.each(LINE_FORMAT_NAMES)("of %s, each comes out once and in order", (name) => {
    fc.assert(
      fc.property(steps, (all) => {
        const joiner = new LineJoiner(lineFormat(name));
        const joined = all.flatMap((step) => (step === undefined ? joiner.flush() : joiner.add(step)));
        joined.push(...joiner.flush());
        expect(joined.flatMap(({ text }) => text.split("\n"))).toEqual(all.filter((step) => step !== undefined));
        let firstLine = 0;
        for (const record of joined) {
          expect([record.firstLine, record.lines]).toEqual([firstLine, record.text.split("\n").length]);
          if (record.lines > 1) expectWithinBounds(record);
          firstLine += record.lines;
        }
      }),
    );
  });
});

function expectWithinBounds({ text, lines }: JoinedText): void {
  expect(lines).toBeLessThanOrEqual(RECORD_LINES_MAX);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(RECORD_LINES_BYTES_MAX);
}
