import { Severity } from "../../gen/logpulse/v1/log_record_pb.ts";
import type { RecordToBuild } from "../ports/build-logged-batch.ts";
import { ATTRIBUTE_CASES } from "./attribute-condition-cases.fixture.ts";
import type { ConditionCase } from "./condition-case.fixture.ts";
import {
  all,
  any,
  anywhere,
  atLeast,
  atMost,
  hasText,
  level,
  not,
  number,
  phrase,
  text,
  wordPrefix,
  words,
} from "./conditions.fixture.ts";
import { HOSTILE_CASES } from "./hostile-condition-cases.fixture.ts";

const saying = (message: string): RecordToBuild => ({ message });
const withHttp = (http: NonNullable<RecordToBuild["http"]> | object): RecordToBuild => ({ http }) as RecordToBuild;

const WORD_CASES: ConditionCase[] = [
  {
    title: "words anywhere in the message and in any order, each of them and whole",
    records: ["card was declined", "declined: the CARD", "card", "cards declined", ""].map(saying),
    asked: [
      [words("declined card"), [0, 1]],
      [words("card card"), [0, 1, 2]],
      [words("car"), []],
      [words("declined lost"), []],
    ],
  },
  {
    title: "a phrase where its words stand side by side in their order",
    records: [
      "connection timed out",
      "Connection-Timed... OUT!",
      "timed out connection",
      "timed_out",
      "out timed out",
      "a a a a a a a b",
    ].map(saying),
    asked: [
      [phrase("timed out"), [0, 1, 2, 4]],
      [phrase("connection timed out"), [0, 1]],
      [phrase("timed out connection"), [2]],
      [all(phrase("out"), words("connection")), [0, 1, 2]],
      [phrase("connection out"), []],
      [phrase("timed timed"), []],
      [phrase("a a a b"), [5]],
      [phrase("a a b a"), []],
      [phrase("a a a a a a a a b"), []],
    ],
  },
  {
    title: "the beginning of a word",
    records: ["Timeout of 10.0.0.1", "the time", "untimely", "ti_me 100", "1 000", "", "検索エンジン"].map(saying),
    asked: [
      [wordPrefix("tim"), [0, 1]],
      [wordPrefix("time"), [0, 1]],
      [wordPrefix("timeout"), [0]],
      [wordPrefix("timeouts"), []],
      [wordPrefix("1"), [0, 3, 4]],
      [wordPrefix("ti_"), [3]],
      [wordPrefix("検"), [6]],
      [not(wordPrefix("t")), [2, 4, 5, 6]],
    ],
  },
  {
    title: "words anywhere: message, service, severity text, each word in any of them",
    records: [
      { service: "payment-service", severityText: "ERROR", message: "no answer" },
      { service: "auth", severityText: "INFO", message: "payment failed, error 5" },
      { service: "payment", severityText: "error5", message: "" },
    ],
    asked: [
      [anywhere("payment"), [0, 1, 2]],
      [anywhere("error"), [0, 1]],
      [anywhere("payment-service"), [0]],
      [anywhere("payment error answer"), [0]],
      [words("payment"), [1]],
      [not(anywhere("error")), [2]],
    ],
  },
  {
    title: "words in any alphabet, in any case, composed or not",
    records: [
      "caf\u00e9",
      "CAFE\u0301",
      "\u0130stanbul",
      "STRASSE Straße",
      "検索 エンジン",
      "𝒜".repeat(200),
      "x😀y",
    ].map(saying),
    asked: [
      [words("Cafe\u0301"), [0, 1]],
      [wordPrefix("caf"), [0, 1]],
      [phrase("\u0130STANBUL"), [2]],
      [words("strasse"), [3]],
      [words("STRASSE straße"), [3]],
      [phrase("検索、エンジン"), [4]],
      [words("検"), []],
      [words("𝒜".repeat(128)), [5]],
      [words("𝒜".repeat(127)), []],
      [wordPrefix("𝒜".repeat(127)), [5]],
      [phrase("X Y"), [6]],
    ],
  },
];

const LEVEL_CASES: ConditionCase[] = [
  {
    title: "a level by its letters, and a usual word's whole range besides",
    records: [
      { severity: Severity.ERROR3, severityText: "E" },
      { severityText: "err" },
      { severityText: "ERROR" },
      { severity: Severity.INFO, severityText: "ERROR" },
      { severity: Severity.FATAL, severityText: "" },
      { severityText: "odd" },
      {},
    ],
    asked: [
      [level("ERROR"), [0, 1, 2, 3]],
      [level("Error"), [0, 1, 2]],
      [level("E"), [0]],
      [level("odd"), [5]],
      [level("ODD"), []],
      [level("critical"), [4]],
      [not(level("error")), [3, 4, 5, 6]],
      [number("severity", 0n), [5, 6]],
      [number("severity", 17n), [1, 2]],
      [atLeast("severity", 17n), [0, 1, 2, 4]],
      [atMost("severity", 9n), [3, 5, 6]],
      [number("severity"), [0, 1, 2, 3, 4, 5, 6]],
      [text("severity_text", "ERROR"), [2, 3]],
      [text("severity_text", "e", "prefix"), [1]],
      [text("severity_text", "d", "contains"), [5]],
      [hasText("severity_text"), [0, 1, 2, 3, 5]],
      [not(hasText("severity_text")), [4, 6]],
    ],
  },
];

const TEXT_CASES: ConditionCase[] = [
  {
    title: "a text letter for letter; an empty one is none",
    records: ["auth", "Auth", "auth ", "", "auth-2", "a*", "auth\0"].map((service) => ({ service })),
    asked: [
      [text("service", "auth"), [0]],
      [text("service", "a*"), [5]],
      [text("service", "auth", "prefix"), [0, 2, 4, 6]],
      [text("service", "a*", "prefix"), [5]],
      [text("service", "uth", "contains"), [0, 1, 2, 4, 6]],
      [text("service", "*", "contains"), [5]],
      [text("service", "\0", "contains"), [6]],
      [hasText("service"), [0, 1, 2, 4, 5, 6]],
      [not(hasText("service")), [3]],
      [not(text("service", "auth")), [1, 2, 3, 4, 5, 6]],
    ],
  },
  {
    title: "every text field that there is, and only where the record has it",
    records: [
      {
        service: "shop",
        severityText: "odd",
        traceId: "0af7651916cd43dd8448eb211c80319c",
        spanId: "b7ad6b7169203331",
        http: {
          clientIp: "2001:db8::1",
          method: "GET",
          path: "/cart?item=7",
          userAgent: "curl/8",
          referer: "https://example.org/",
          protocol: "HTTP/1.1",
        },
      },
      {},
      withHttp({}),
    ],
    asked: (
      [
        ["service", "shop"],
        ["severity_text", "odd"],
        ["trace_id", "0af7651916cd43dd8448eb211c80319c"],
        ["span_id", "b7ad6b7169203331"],
        ["client_ip", "2001:db8::1"],
        ["method", "GET"],
        ["path", "/cart?item=7"],
        ["user_agent", "curl/8"],
        ["referer", "https://example.org/"],
        ["protocol", "HTTP/1.1"],
      ] as const
    ).flatMap(([field, held]) => [
      [text(field, held), [0]] as const,
      [text(field, held.slice(0, 2), "prefix"), [0]] as const,
      [text(field, held.slice(1, 3), "contains"), [0]] as const,
      [text(field, `${held}x`, "prefix"), []] as const,
      [text(field, `x${held}`, "contains"), []] as const,
      [hasText(field), [0]] as const,
      [not(hasText(field)), [1, 2]] as const,
      [not(text(field, held)), [1, 2]] as const,
    ]),
  },
  {
    title: "the method in any case, of any alphabet",
    records: ["GET", "get", "Get ", "", "STRASSE", "stra\u00dfe", "\u0130", "i\u0307", "\u212a", "ΟΔΟΣ"].map((method) =>
      withHttp({ method }),
    ),
    asked: [
      [text("method", "gET"), [0, 1]],
      [text("method", "g", "prefix"), [0, 1, 2]],
      [text("method", "ET", "contains"), [0, 1, 2]],
      [text("method", "STRA\u00dfE"), [5]],
      [text("method", "\u0130"), [6, 7]],
      [text("method", "i", "prefix"), [6, 7]],
      [text("method", "K"), [8]],
      [text("method", "ΟΔΟΣ"), [9]],
      [text("method", "οδος"), [9]],
      [hasText("method"), [0, 1, 2, 4, 5, 6, 7, 8, 9]],
    ],
  },
  {
    title: "a piece of a path, whose characters mean nothing special",
    records: ["/a*b", "/aXb", "/a?b", "/a%b", "/a_b", "/a\\b", "/A*B", `/${"x".repeat(8_000)}/end`].map((path) =>
      withHttp({ path }),
    ),
    asked: [
      [text("path", "a*b", "contains"), [0]],
      [text("path", "a?b", "contains"), [2]],
      [text("path", "a%b", "contains"), [3]],
      [text("path", "a_b", "contains"), [4]],
      [text("path", "\\", "contains"), [5]],
      [text("path", "/a", "prefix"), [0, 1, 2, 3, 4, 5]],
      [text("path", "/end", "contains"), [7]],
      [text("path", `/${"x".repeat(8_000)}/end`), [7]],
    ],
  },
];

const NUMBER_CASES: ConditionCase[] = [
  {
    title: "numbers of requests: a status of 0 and no bytes are there, a latency only where it was sent",
    records: [
      withHttp({ status: 200, latency: { seconds: 1n, nanos: 500 }, responseBytes: 512n }),
      withHttp({ status: 500, latency: {}, responseBytes: 0n }),
      withHttp({}),
      {},
      withHttp({ status: 999, latency: { seconds: 2_147_483n }, responseBytes: 2n ** 53n - 1n }),
    ],
    asked: [
      [number("status"), [0, 1, 2, 4]],
      [number("status", 0n), [2]],
      [atLeast("status", 500n), [1, 4]],
      [atMost("status", 200n), [0, 2]],
      [number("status", 201n, 998n), [1]],
      [number("status", 500n, 200n), []],
      [not(number("status")), [3]],
      [not(atLeast("status", 500n)), [0, 2, 3]],
      [number("latency_nanos"), [0, 1, 4]],
      [not(number("latency_nanos")), [2, 3]],
      [number("latency_nanos", 0n), [1]],
      [number("latency_nanos", 1_000_000_500n), [0]],
      [atLeast("latency_nanos", 1_000_000_501n), [4]],
      [number("response_bytes"), [0, 1, 2, 4]],
      [number("response_bytes", 0n), [1, 2]],
      [number("response_bytes", 2n ** 53n - 1n), [4]],
      [number("response_bytes", 2n ** 53n - 2n), []],
      [atLeast("response_bytes", -(2n ** 63n)), [0, 1, 2, 4]],
      [atMost("status", 2n ** 63n - 1n), [0, 1, 2, 4]],
      [atMost("status", -(2n ** 63n)), []],
    ],
  },
];

const NESTED_CASES: ConditionCase[] = [
  {
    title: "all, any and not of conditions, in one another",
    records: [
      { service: "auth", severityText: "WARN", message: "login of alice failed twice" },
      { service: "web", severityText: "WARN", message: "login of alice failed twice" },
      { service: "auth", severityText: "INFO", message: "logout" },
      {},
    ],
    asked: [
      [all(), [0, 1, 2, 3]],
      [any(), []],
      [not(all()), []],
      [not(any()), [0, 1, 2, 3]],
      [all(text("service", "auth"), level("warning"), words("login twice"), phrase("alice failed")), [0]],
      [any(text("service", "web"), level("info")), [1, 2]],
      [all(any(text("service", "auth"), text("service", "web")), not(level("info"))), [0, 1]],
      [not(any(text("service", "auth"), words("login"))), [3]],
      [not(all(text("service", "auth"), not(level("warn")))), [0, 1, 3]],
      [not(not(text("service", "auth"))), [0, 2]],
      [all(text("service", "auth"), any()), []],
      [any(all(), text("service", "auth")), [0, 1, 2, 3]],
      [all(words("login"), any(words("bob"), all(words("alice"), not(text("service", "web"))))), [0]],
    ],
  },
];

/** What every engine must answer, but for identities; the matcher itself is held to it. */
export const CONDITION_CASES: readonly ConditionCase[] = [
  ...WORD_CASES,
  ...LEVEL_CASES,
  ...TEXT_CASES,
  ...NUMBER_CASES,
  ...ATTRIBUTE_CASES,
  ...NESTED_CASES,
  ...HOSTILE_CASES,
];
