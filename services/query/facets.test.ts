import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Severity } from "../../gen/logpulse/v1/log_record_pb.ts";
import { crowdedRecords } from "../domain/crowded-records.arbitrary.ts";
import { attributeFieldName, FIELD_NAMES, fieldOfName } from "../domain/field-names.ts";
import { FACET_FIELDS_MAX, FACET_VALUES_MAX, QUERY_TEXT_BYTES_MAX } from "../domain/limits.ts";
import type { RecordToBuild } from "../ports/build-logged-batch.ts";
import { at, errorOf, queryRole } from "./query.fixture.ts";

/** The values of one field, with their counts and terms. */
async function valuesOf(records: readonly RecordToBuild[], field: string) {
  const { facets } = await (await queryRole(records)).call("getFacets", { fields: [field] });
  return facets[0]!.values.map(({ value, count, query }) => [value, count, query]);
}

describe("GetFacets", () => {
  it.each<[field: string, query: string, record: RecordToBuild, value: string]>([
    ["service", "service:auth", { service: "auth" }, "auth"],
    ["service", 'service:"a b"', { service: "a b" }, "a b"],
    ["agent", 'agent:"x*\\""', { http: { userAgent: 'x*"' } }, 'x*"'],
    ["user_agent", 'agent:"*"', { http: { userAgent: "*" } }, "*"],
    ["latency", "latency:1500us", { http: { latency: { nanos: 1_500_000 } } }, "1500000"],
    ["latency", "latency:2s", { http: { latency: { seconds: 2n } } }, "2000000000"],
    ["bytes", "bytes:2000", { http: { responseBytes: 2_000n } }, "2000"],
    ["level", "level:ERROR", { severity: Severity.ERROR3 }, "ERROR"],
    ["attr.a b", 'attr."a b":"c)"', { attributes: { "a b": "c)" } }, "c)"],
    ["attr.n", "attr.n:1.5", { attributes: { n: [1.5, true] } }, "1.5"],
    // No query is as long as that.
    ["path", "", { http: { path: "p".repeat(QUERY_TEXT_BYTES_MAX) } }, "p".repeat(QUERY_TEXT_BYTES_MAX)],
  ])("of %s have a term: %s", async (field, query, record, value) => {
    expect(await valuesOf([at(0, record), at(1, record)], field)).toContainEqual([value, 2, query]);
  });

  it("have terms that find the records that were counted", { timeout: 60_000 }, async () => {
    const counted = FIELD_NAMES.filter(({ asks }) => asks.kind !== "words" && asks.kind !== "identity");
    const names = counted.map(({ name }) => name);
    const attributes = ["user", "id", "a.b", "user.id", "a*", "é 😀", "constructor", "a b"].map(attributeFieldName);
    const seen = { values: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(crowdedRecords(), { minLength: 1, maxLength: 20 }), async (records) => {
        const { call } = await queryRole(records);
        for (const fields of [names, attributes]) {
          const { facets } = await call("getFacets", { fields, valuesMax: FACET_VALUES_MAX });
          for (const { field, values } of facets) {
            for (const { count, query } of values) {
              if (query === "") continue; // Longer than a query may be.
              seen.values++;
              const found = (await call("searchLogs", { query })).logs.length;
              // A method's spellings are counted one by one and found together; a level's word is also found where it was
              // sent beside another number.
              const isWider = field === "method" || fieldOfName(field)?.asks.kind === "level";
              if (isWider) expect(found, query).toBeGreaterThanOrEqual(count);
              else expect([query, found]).toEqual([query, count]);
            }
          }
        }
      }),
      { numRuns: 40 },
    );
    expect(seen.values).toBeGreaterThan(500);
  });

  it.each([
    [{ fields: [] }, /fields has 0 names; it must have from 1 to 20/],
    [{ fields: Array.from({ length: FACET_FIELDS_MAX + 1 }, () => "service") }, /fields has 21 names/],
    [{ fields: ["service"], valuesMax: -1 }, /values_max is -1; it must be from 1 to 100/],
    [{ fields: ["service"], valuesMax: FACET_VALUES_MAX + 1 }, /values_max is 101/],
    [{ fields: ["service", "servce"] }, /fields\[1\] is "servce"; there is no such field, did you mean service\?/],
  ])("%j is refused", async (request, text) => {
    const error = await errorOf((await queryRole([])).call("getFacets", request));
    expect(error).toMatchObject({ kind: "invalid_request", message: expect.stringMatching(text) });
  });
});
