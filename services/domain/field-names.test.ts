import { describe, expect, it } from "vitest";
import { NUMBER_FIELDS, TEXT_FIELDS } from "./condition.ts";
import { attributeFieldName, FIELD_NAMES, facetField, fieldOfName, nearestFieldName } from "./field-names.ts";

describe("field names", () => {
  it("has every field of a condition once", () => {
    const asked = FIELD_NAMES.flatMap(({ asks }) => ("field" in asks ? [asks.field] : []));
    expect(asked.sort()).toEqual([...TEXT_FIELDS, ...NUMBER_FIELDS].sort());
    expect(new Set(FIELD_NAMES.map(({ name }) => name)).size).toBe(FIELD_NAMES.length);
  });

  it.each([
    ["ip", "ip"],
    ["client_ip", "ip"],
    ["trace_id", "trace"],
    ["IP", undefined],
    ["attr.a", undefined],
    ["constructor", undefined],
  ])("%s is %s", (name, expected) => expect(fieldOfName(name)?.name).toBe(expected));

  it.each([
    ["servce", "service"],
    ["Service", "service"],
    ["lvl", undefined],
    ["leevl", "level"],
    ["statsu", "status"],
    ["x", undefined],
    ["i", undefined],
    ["useragent", "user_agent"],
    ["x".repeat(100_000), undefined],
  ])("the nearest to %.20s is %s", (name, expected) => expect(nearestFieldName(name)).toBe(expected));

  it.each([
    ["user.id", "attr.user.id"],
    ["a-b/c@d", "attr.a-b/c@d"],
    ["a b", 'attr."a b"'],
    ['a"b\\', 'attr."a\\"b\\\\"'],
    ["a:b", 'attr."a:b"'],
    ["😀", "attr.😀"],
  ])("the attribute %s stands in a query as %s, and is counted by that name", (path, name) => {
    expect(attributeFieldName(path)).toBe(name);
    expect(facetField(name, "fields[0]")).toEqual({ kind: "attribute", path });
  });

  it.each([
    ["level", { kind: "level" }],
    ["latency", { kind: "number", field: "latency_nanos" }],
    ["user_agent", { kind: "text", field: "user_agent" }],
    ["attr.a b", { kind: "attribute", path: "a b" }],
  ])("counts %s", (name, field) => expect(facetField(name, "fields[0]")).toEqual(field));

  it.each([
    ["servce", /fields\[2\] is "servce"; there is no such field, did you mean service\?/],
    ["", /there is no such field/],
    ["message", /values are not counted/],
    ["id", /values are not counted/],
    ["attr.", /no attribute's name/],
    [`attr.${"é".repeat(257)}`, /fields\[2\] is 514 bytes long; the limit is 512/],
    ['attr.""', /no attribute's name/],
  ])("refuses to count %.30s", (name, why) => expect(() => facetField(name, "fields[2]")).toThrow(why));
});
