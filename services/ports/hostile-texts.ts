/**
 * Texts that every store keeps and finds letter for letter: query syntax, escapes, controls, characters outside the
 * Basic Multilingual Plane. Each fits the shortest text field (64 bytes).
 */
export const HOSTILE_TEXTS: readonly string[] = [
  "Robert'); DROP TABLE records; --",
  `" OR 1=1 /* \` */ #`,
  "\\' \\\" \\\\ \\0 \\",
  "100%_sure",
  "? ?? :name @variable #{x} $1",
  '{"match_all":{}}',
  "*:* AND -service:[* TO *] ~2^3",
  "<script>alert(1)</script>&amp;",
  "NUL \0 in the middle",
  "\0",
  "😀 four bytes, 👩‍👩‍👧 joined",
  "e\u0301 is not \u00e9",
  "right\u202Eto\u200Fleft",
  "\u001b[31mred\r\nnext line\ttab\u0085\u2028",
  "\ufeffmark \ufffd\uffff",
  "a.b..c. .",
  " blanks at both ends ",
  "__proto__",
  "constructor",
];
