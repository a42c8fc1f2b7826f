import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { Severity } from "../gen/logpulse/v1/log_record_pb.ts";
import { type StoredLog, StoredLogSchema } from "../gen/logpulse/v1/query_service_pb.ts";
import { RECORD_LINE_MESSAGE_CHARACTERS_MAX } from "../services/domain/limits.ts";
import { nanosToTimestamp } from "../services/domain/record-time.ts";
import { recordFields } from "./asking/record-fields.ts";
import { recordLine } from "./record-line.ts";
import { fieldLines } from "./terminal/field-lines.ts";
import { type TestTerminalOptions, testTerminal } from "./terminal/terminal.fixture.ts";

const NOW = Date.UTC(2026, 2, 1, 12);
const TIME = nanosToTimestamp(BigInt(Date.UTC(2026, 2, 1, 10, 42, 7, 298)) * 1_000_000n + 5n);

type Record = NonNullable<MessageInitShape<typeof StoredLogSchema>["record"]>;

const stored = (record: Record): StoredLog =>
  create(StoredLogSchema, { id: "7f-4812", record: { time: TIME, ...record } });

const line = (record: Record, options: TestTerminalOptions = {}, withId = false) =>
  recordLine(stored(record), { terminal: testTerminal(options).terminal, nowMs: NOW, withId });

const SLOW_LOGIN: Record = {
  severity: Severity.WARN,
  service: "auth",
  message: "slow login",
  http: { status: 504, latency: { seconds: 1n, nanos: 240_000_000 }, path: "/login" },
};

describe("a record on one line", () => {
  it.each<[string, Record, string]>([
    ["a request", SLOW_LOGIN, "10:42:07.298 W auth  slow login  status=504 latency=1.24s path=/login"],
    ["no service, no level", { message: "x" }, "10:42:07.298 · -  x"],
    ["a level in words alone", { severityText: "err", message: "x" }, "10:42:07.298 E -  x"],
    ["a level of its own", { severityText: "AUDIT", message: "x" }, "10:42:07.298 · -  x  level=AUDIT"],
    [
      "attributes",
      {
        message: "x",
        attributes: { user: { id: 8812, name: "Ann B." }, tags: ["a", 1], none: null, "a b": true, empty: {} },
      },
      '10:42:07.298 · -  x  user.id=8812 user.name="Ann B." tags="[\\"a\\",1]" none=null "a b"=true empty={}',
    ],
    [
      "an access line, which says it all",
      { service: "web", message: "10.1.2.3 GET /cart 404 12ms", http: { status: 404, path: "/cart", method: "GET" } },
      "10:42:07.298 · web  10.1.2.3 GET /cart 404 12ms",
    ],
    [
      "text that would be obeyed",
      { service: "a\nb", message: "\u001b[2Jtwo\nlines", attributes: { "k\u0007": "\u009bv" } },
      "10:42:07.298 · a␊b  ␛[2Jtwo␊lines  k␇=<U+009B>v",
    ],
    ["no message", { service: "auth", attributes: { a: 1 } }, "10:42:07.298 · auth  a=1"],
    [
      "text that feigns a pair",
      { message: "x", attributes: { a: 'b" status=200' } },
      '10:42:07.298 · -  x  a="b\\" status=200"',
    ],
  ])("%s", (_what, record, expected) => expect(line(record)).toBe(expected));

  it.each([
    [Severity.TRACE, "\u001b[2mT\u001b[0m"],
    [Severity.DEBUG4, "\u001b[2mD\u001b[0m"],
    [Severity.INFO, "I"],
    [Severity.WARN2, "\u001b[33mW\u001b[0m"],
    [Severity.ERROR, "\u001b[31mE\u001b[0m"],
    [Severity.FATAL4, "\u001b[7;31mF\u001b[0m"],
    [Severity.UNSPECIFIED, "·"],
  ])("severity %d is marked %j, and the message is not", (severity, mark) => {
    expect(line({ severity, service: "auth", message: "x" }, { isTty: true })).toBe(
      `\u001b[2m10:42:07.298\u001b[0m ${mark} auth  x`,
    );
  });

  it("for programs has tabs and the whole time", () => {
    expect(line({ ...SLOW_LOGIN, message: "a\tb" }, { isPlain: true })).toBe(
      "2026-03-01T10:42:07.298000005Z\tW\tauth\ta␉b\tstatus=504 latency=1.24s path=/login",
    );
  });

  it("has the id at its end when that is asked for", () => {
    expect(line({ message: "x" }, {}, true)).toBe("10:42:07.298 · -  x  7f-4812");
    expect(line({ message: "x" }, { isPlain: true }, true)).toMatch(/\tx\t\t7f-4812$/);
  });

  it("on a terminal says how much of a long message it leaves out; elsewhere has all of it", () => {
    const message = "x".repeat(RECORD_LINE_MESSAGE_CHARACTERS_MAX + 1_234);
    expect(line({ message }, { isTty: true, color: "never" })).toMatch(/xx… \(1,234 more characters\)$/);
    expect(line({ message })).toContain(message);
  });

  it("says how many pairs it leaves out", () => {
    const attributes = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`k${at}`, at]));
    expect(line({ message: "x", attributes })).toMatch(/k19=19 …=5 more$/);
  });
});

describe("all fields of a record", () => {
  const fields = (options: TestTerminalOptions = {}) => {
    const { terminal } = testTerminal(options);
    const log = stored({
      ...SLOW_LOGIN,
      severityText: "warning",
      message: "slow\n\tlogin \u001b[2J",
      raw: new Uint8Array(3),
      attributes: { user: { id: 8812 } },
    });
    return fieldLines(recordFields(log, terminal), terminal.isPlain);
  };

  it("stand below each other, a text of several lines as such, and nothing is obeyed", () => {
    expect(fields()).toEqual([
      "id            7f-4812",
      "time          2026-03-01T10:42:07.298000005Z",
      "level         WARN (13), as sent: warning",
      "service       auth",
      "message       slow",
      "              ␉login ␛[2J",
      "path          /login",
      "status        504",
      "latency       1.24 s",
      "bytes         0",
      "attr.user.id  8812",
      "raw           3 B that are not UTF-8; --json has them",
    ]);
  });

  it("for programs are one line each", () => {
    expect(fields({ isPlain: true })).toContain("message\tslow␊␉login ␛[2J");
  });
});
