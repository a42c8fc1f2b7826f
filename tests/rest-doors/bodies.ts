import type { Difference } from "./differences.ts";
import { type DoorRequest, linesOf, post } from "./door.ts";

const MiB = 1024 * 1024;
const LINE = '"2026-11-20T10:00:00Z 10.0.0.1 GET /written 200 1ms"';

/** One request for each line. */
const each = (path: string, texts: string, differs?: Difference): DoorRequest[] =>
  linesOf(texts).map((text) => post(path, text, differs));

/** One request for each line, which stands in the body where `$` stands. */
const eachValue = (path: string, body: string, values: string, differs?: Difference): DoorRequest[] =>
  linesOf(values).map((value) =>
    post(
      path,
      body.replace("$", () => value),
      differs,
    ),
  );

/** A record of a plain log API: good and bad text, fields, values, encodings and depths. */
const RECORDS: DoorRequest[] = [
  post("/logs", ""),
  ...each(
    "/logs",
    String.raw`
      {}
      {"message":""}
      {"message":null,"level":"x"}
      {"message":"m","level":null}
      {"message":"m","timestamp":""}
      {"message":"m","timestamp":"yesterday"}
      {"message":"m","service":"a","service_name":"b"}
      {"message":"\ud83d\ude00 \u0000 \/ \" \\ \b\f\n\r\t é🦊"}`,
  ),
  post("/logs", `{"message":"m","service_name":"${"s".repeat(300)}"}`),
  post("/logs", `{"message":"m","level":"${"l".repeat(65)}"}`),
  post("/logs", `{"message":"${"a".repeat(300_000)}"}`),
  post("/logs", `{"message":"${"a".repeat(5 * MiB)}"}`, "words"),
  ...each(
    "/logs",
    String.raw`
      null
      []
      1
      ""
      {,}
      {"message"}
      {"message":}
      {"message" "m"}
      {"message":"m" "level":"x"}
      {"message":"m
      {"message":"m"
      {"message":1}
      {"message":01}
      {"message":NaN}
      {"message":true}
      {"message":undefined}
      {"message":[]}
      {"message":["m"]}
      {"message":{}}
      {"message":"m" /*c*/}
      //c {"message":"m"}
      {"message":"\u00"}
      {"message":"\ud800"}
      {"message":"\udc00"}
      {"":"x","message":"m"}`,
    "words",
  ),
  post("/logs", " \n", "words"),
  post("/logs", Buffer.from('{"message":"\u00ff"}', "latin1"), "words"),
  post("/logs", Buffer.from([...Buffer.from('{"message":"'), 0xed, 0xa0, 0x80, 0x22, 0x7d]), "words"),
  ...each(
    "/logs",
    `
      {"message":"m","nope":1}
      {"message":"m","Message":"m"}
      {"message":"m","serviceName":"x"}
      {"message":"m","@type":"x"}
      {"message":"m","__proto__":{"message":"x"}}
      {"message":"m","constructor":{"prototype":1}}
      {"message":"m","x":[[[]]]}`,
    "unknown_field",
  ),
  ...each(
    "/logs",
    String.raw`
      {"message":"m",}
      {'message':'m'}
      {message:"m"}
      {"message":"a","message":"b"}
      {"message":"a","mess\u0061ge":"b"}
      {"message":"\q"}
      {"message":"\x41"}`,
    "strict",
  ),
  ...["\n", "\t", "\u0001"].map((control) => post("/logs", `{"message":"a${control}b"}`, "strict")),
  post("/logs", nested(99, '{"message":"m","x":', "}"), "unknown_field"),
  ...[100, 200_000].map((depth) => post("/logs", nested(depth, '{"message":"m","x":', "}"), "words")),
  post("/logs", nested(200_000), "words"),
  post("/logs", "[".repeat(200_000), "words"),
  post("/logs", '{"a":'.repeat(100_000), "words"),
];

const NUMBERS = '1 \n 1.0 \n 1e2 \n -0 \n -1 \n 2147483647 \n null \n "1" \n "-1" \n "01" \n "+1"';
const NO_NUMBERS = `
  1.5
  01
  +1
  .5
  1e400
  -1e400
  2147483648
  ${"9".repeat(400)}
  true
  []
  {}
  ""
  " 1"
  "abc"
  "1.0"
  "1.5"
  "1e2"
  "0x1"
  "0b1"`;

/** Values of each type that a question has. */
const QUESTIONS: DoorRequest[] = [
  ...eachValue("/v1/logs:search", '{"service":"seed","pageSize":$}', NUMBERS),
  ...eachValue("/v1/logs:search", '{"service":"seed","pageSize":$}', NO_NUMBERS, "words"),
  post("/v1/logs:search", '{"pageSize":5.}', "strict"),
  post("/v1/logs:search", '{"pageSize":1,"page_size":2}', "strict"),
  ...eachValue(
    "/v1/logs:search",
    '{"service":"seed","startTime":$}',
    `
      null
      "2026-01-01T00:00:00Z"
      "2026-01-01T00:00:00.5+02:00"`,
  ),
  ...eachValue(
    "/v1/logs:search",
    '{"startTime":$}',
    `
      1
      ""
      true
      []
      "2026-01-01"
      "2026-02-30T00:00:00Z"
      "2026-01-01T24:00:00Z"
      "2026-01-01T00:00:00.0000000001Z"`,
    "words",
  ),
  ...eachValue(
    "/v1/logs:search",
    '{"service":"seed","startTime":$}',
    `
      {"seconds":1}
      "2026-1-1T0:0:0Z"
      "2026-01-01T00:00:60Z"`,
    "strict",
  ),
  ...eachValue("/v1/deadLetters:replay", '{"dryRun":$}', "true \n false \n null"),
  ...eachValue("/v1/deadLetters:replay", '{"dryRun":$}', '1 \n 0 \n "" \n "x"', "words"),
  post("/v1/deadLetters:replay", '{"dryRun":"true"}', "strict"),
  post("/v1/deadLetters:replay", '{"dryRun":true,"filter":{"store":"mysql","state":"DEAD_LETTER_STATE_OPEN"}}'),
  post("/v1/deadLetters:replay", '{"dryRun":true,"filtre":{"store":"mysql"}}', "unknown_field"),
];

/** Values of each type that a batch has, and what belongs to the server. */
const BATCHES: DoorRequest[] = [
  ...eachValue(
    "/v1/logs:write",
    '{"firstSeq":$,"records":[{"message":"m"}]}',
    '1 \n "7" \n 1.0 \n 1e3 \n null \n 9007199254740991 \n "9007199254740991" \n "18446744073709551615"',
  ),
  ...eachValue(
    "/v1/logs:write",
    '{"firstSeq":$}',
    '1.5 \n -1 \n "" \n "x" \n " 1" \n "1e3" \n "0x1" \n "-0" \n "18446744073709551616" \n 1e30 \n true',
    "words",
  ),
  ...eachValue("/v1/logs:write", '{"records":[{"severity":$}]}', '"SEVERITY_WARN" \n 13 \n 0 \n null \n 99 \n -1'),
  ...eachValue(
    "/v1/logs:write",
    '{"records":[{"severity":$}]}',
    '"WARN" \n "severity_warn" \n "" \n 1.5 \n true \n 2147483648',
    "words",
  ),
  post("/v1/logs:write", '{"records":[{"severity":"13"}]}', "strict"),
  ...eachValue("/v1/logs:write", '{"producerId":$}', '"AQID" \n "AQI=" \n "AQI" \n "-_8=" \n "" \n null'),
  ...eachValue(
    "/v1/logs:write",
    '{"producerId":$}',
    '"A" \n "@@" \n "AQ=" \n "AQID=" \n "AQ-/" \n "====" \n 1 \n []',
    "words",
  ),
  post("/v1/logs:write", '{"records":[{"raw":"AQ ID"}]}', "strict"),
  ...eachValue(
    "/v1/logs:write",
    '{"records":[{"http":{"latency":$}}]}',
    '"1s" \n "1.5s" \n "-1s" \n "01s" \n "0s" \n null',
  ),
  ...eachValue("/v1/logs:write", '{"records":[{"http":{"latency":$}}]}', '"1 s" \n "1.s" \n "+1s"', "strict"),
  ...eachValue(
    "/v1/logs:write",
    '{"records":[{"http":{"latency":$}}]}',
    '"1" \n 1 \n "" \n "x" \n "1sx" \n "1s " \n ".5s" \n "1.1234567891s" \n "315576000001s"',
    "words",
  ),
  ...eachValue(
    "/v1/logs:write",
    '{"records":[{"attributes":$}]}',
    `
      null
      {}
      {"":1}
      {"a":1}
      {"a":null}
      {"a":{"b":[1,"x",null,true,-0.5,1e300]}}
      {"constructor":1}
      {"__proto__":{"a":1}}`,
  ),
  ...eachValue(
    "/v1/logs:write",
    '{"records":[{"attributes":$}]}',
    String.raw`
      []
      "x"
      {"a":NaN}
      {"a":1e400}
      {"a":1,"a":2}
      {"a":"\ud800"}
      {"\udfff":1}`,
    "words",
  ),
  ...eachValue("/v1/logs:write", '{"records":$}', 'null \n [] \n [{}] \n [{"message":"m"},{"message":"n"}]'),
  ...eachValue("/v1/logs:write", '{"records":$}', '"" \n 1 \n true \n [1] \n ["a"]', "words"),
  ...eachValue("/v1/logs:write", '{"records":$}', '{} \n [null] \n [[]] \n [{"message":"m"},]', "strict"),
  post("/v1/logs:write", '{"records":[{"nope":1}]}', "unknown_field"),
  ...each("/v1/logs:write", '{"tenant":"other"} \n {"assigned":true} \n {"rejects":[{"index":1}]}'),
  ...[1, 2, 7, 8, 9, 20, 60].map((depth) => post("/v1/logs:write", deepAttribute(depth))),
  post("/v1/logs:write", deepAttribute(97), "words"),
];

/** Lines of an access log. */
const LINES: DoorRequest[] = [
  ...each("/upload", `[] \n null \n ["nonsense"] \n ["nonsense",${LINE}]`),
  post("/upload", JSON.stringify(Array.from({ length: 10_001 }, () => "a"))),
  post("/upload", "", "words"),
  ...each(
    "/upload",
    String.raw`
      {}
      {"lines":["a"]}
      ["a",1]
      [{}]
      ["a"
      ["a"] x
      ["a"]["b"]
      ["\ud800"]`,
    "words",
  ),
  ...each("/upload", `[${LINE},null] \n [${LINE},] \n [[${LINE}]]`, "strict"),
  post("/v1/logs:uploadLines", ""),
  post("/v1/logs:uploadLines", '{"lines":null}'),
  post("/v1/logs:uploadLines", `{"lines":${LINE}}`, "strict"),
  post("/v1/logs:uploadLines", '{"lines":["{}","plain","  more",""],"format":"json","service":"lines"}'),
  post("/v1/logs:uploadLines", '{"lines":["{}","plain"],"format":"json","strict":true}'),
  post("/v1/logs:uploadLines", '{"lines":["a=1 msg=b"],"format":"auto"}'),
  post("/v1/logs:uploadLines", '{"lines":[],"format":"text"}'),
  post("/v1/logs:uploadLines", '{"lines":["a"],"format":"combned"}'),
  post("/v1/logs:uploadLines?format=text&service=lines", '{"lines":["a"]}'),
  post("/upload?format=text&service=lines&strict=true", '["a",""]'),
  post("/upload?format=nope", '["a"]'),
];

/** Streams of batches. */
const STREAMS: DoorRequest[] = [
  ...each(
    "/v1/logs:upload",
    String.raw`
      []
      [{}]
      [ {} , {} ]
      [{"records":[{"message":"]},{\""}]}]
      [{"records":[{"message":"é🦊"}]},{"records":[{"traceId":"x"},{"message":"m"}]}]`,
  ),
  post("/v1/logs:upload", "", "words"),
  ...each(
    "/v1/logs:upload",
    `
      null
      {}
      [null]
      [1]
      ["a"]
      [[]]
      [{}
      [{}]x
      [{}] [{}]
      {} {}
      [{]
      [}
      [,]
      [{},,{}]
      [{} {}]
      [{},
      [{}}
      [tru]
      [{"firstSeq":"x"}]
      [{"firstSeq":1},nonsense]`,
    "words",
  ),
  post("/v1/logs:upload", "[{},]", "strict"),
  post("/v1/logs:upload", '[{"nope":1}]', "unknown_field"),
  post("/v1/logs:upload?firstSeq=5", "[{},{}]"),
  post("/v1/logs:upload?firstSeq=x", "[{}]", "words"),
  ...["", '{}\n{"records":[{"message":"m"}]}\n', "\r\n{}\n \n{}"].map((lines) =>
    post("/v1/logs:upload", lines, "json_lines", { "content-type": "application/x-ndjson" }),
  ),
];

function deepAttribute(depth: number): string {
  return nested(depth, '{"records":[{"attributes":{"a":', "}}]}");
}

function nested(depth: number, before = "", behind = ""): string {
  return `${before}${"[".repeat(depth)}${"]".repeat(depth)}${behind}`;
}

export const BODIES: readonly DoorRequest[] = [...RECORDS, ...QUESTIONS, ...BATCHES, ...LINES, ...STREAMS];
