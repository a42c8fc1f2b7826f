import fc from "fast-check";
import { HOSTILE_TEXTS } from "../../ports/hostile-texts.ts";

const PIECES = [
  ...["a", "Foo", "tim*", "foo-bar", '"', '"b c"', '"OR"', "*", "(", ")", "-", " ", " ", " ", "OR", "AND", "NOT", "()"],
  ...["service:", "service:x*", 'path~"a b"', "status", ">=", "500", "status>=500", "status!=(200 OR 204)"],
  ...[
    "level>warn",
    "latency<1.5s",
    "bytes:*",
    "attr.",
    "attr.a:1",
    'attr."a b":*',
    "severity<=16",
    "id:x",
    "servce:x",
    "http://x",
  ],
  ...["message:x", "anywhere:x", "\\", '\\"', "\n", "é", "😀", "e\u0301", ":", "!=", "~", "<"],
  ...['agent:5"', 'attr.a:"', "attr.:x", "a<=b", "x~y"],
];

/** Texts of queries, most of them with errors, and hostile ones. */
export const queryTexts: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join("")),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join(" ")),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(...HOSTILE_TEXTS),
);
