import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { HttpRequestSchema, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { buildLoggedBatch, newProducer } from "../ports/build-logged-batch.ts";
import { dropRulesText, markDropped, parseDropRules } from "./drop-rules.ts";

const access = (status: number, path = "/") =>
  create(LogRecordSchema, { service: "shop", http: create(HttpRequestSchema, { status, path, method: "GET" }) });

function dropped(rules: string, record: ReturnType<typeof access>, receivedNanos = 10n ** 18n): boolean {
  const batch = buildLoggedBatch({ tenant: "t", producer: newProducer(), receivedNanos, records: [record] });
  markDropped(batch, parseDropRules(rules));
  return batch.records[0]!.dropped;
}

describe("drop rules", () => {
  it.each([
    ["", access(200), false],
    [" ; ", access(200), false],
    ["status=200", access(200), true],
    ["status=200", access(404), false],
    ["status=200", create(LogRecordSchema, {}), false],
    ["status=200 path=/health", access(200, "/health"), true],
    ["status=200 path=/health", access(200, "/x"), false],
    ["status=404; method=get", access(200), true],
    ["status<400 path:/health*", access(204, "/healthz"), true],
    ["level=warning", create(LogRecordSchema, { severityText: "WARN" }), true],
    ["service=shop", access(500), true],
    ["path=/a=b", access(200, "/a=b"), true],
    ['path:"/a;b@c"', access(200, "/a;b@c"), true],
    ['path:"/a\\";b"; status=5', access(200, '/a";b'), true],
    ['agent:5"; status=200', access(200), true], // Quotes within a value are a character.
    ['agent:5"; status=404', access(200), false],
    ['status=404; agent:5" ; path:"/a;b@c"', access(200, "/a;b@c"), true],
    ["attr.kind:noise", create(LogRecordSchema, { attributes: { kind: "noise" } }), true],
    ["*", create(LogRecordSchema, {}), true],
    ['path:"/x,path=/y"', access(200, "/x,path=/y"), true],
  ])("%j", (rules, record, expected) => expect(dropped(rules, record)).toBe(expected));

  it.each(["status=200@2026-11-21T00:00:00Z", "status=200 @ 2026-11-21T00:00:00Z", 'path!="@" @2026-11-21T00:00:00Z'])(
    "begin with their start time, compared with when the batch was received: %s",
    (rule) => {
      const startNanos = 1_795_219_200_000_000_000n;
      expect(dropped(rule, access(200), startNanos - 1n)).toBe(false);
      expect(dropped(rule, access(200), startNanos)).toBe(true);
    },
  );

  it.each<[string, RegExp]>([
    ["status=abc", /status is a whole number/],
    ["colour=red", /There is no field colour/],
    ["status=200@yesterday", /behind @ stands "yesterday"/],
    ["path:/a@b", /behind @ stands "b"/],
    ["path:/a@b @2026-11-21T00:00:00Z", /more than one @; values with @ in them stand in quotes/],
    ["@2026-11-21T00:00:00Z", /has no filter/],
    ["level>=loud", /needs one of the words/],
    ["=1", /directly before its operator/],
    ['path:"/a; status=5', /quotes are not closed/],
    ["path=/health&method=GET", /apart by ; and conditions of one by blanks/],
    ["service=a,service=b", /apart by ;/],
    ['agent=5",path=/health', /apart by ;/],
    ['agent:5"; status=abc', /"status=abc" is not a drop rule: status is a whole number/],
  ])("%j is refused, with the rule and the reason", (rules, why) => {
    expect(() => parseDropRules(rules)).toThrow(/" is not a drop rule: /);
    expect(() => parseDropRules(rules)).toThrow(why);
  });

  it("are read again from their text", () => {
    const rules = parseDropRules('status=200@2026-11-21T00:00:00Z;path:"a;b";;-level:error');
    expect(parseDropRules(dropRulesText(rules)).map(({ text, sinceNanos }) => [text, sinceNanos])).toEqual(
      rules.map(({ text, sinceNanos }) => [text, sinceNanos]),
    );
  });
});
