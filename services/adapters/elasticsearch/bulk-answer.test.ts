import { describe, expect, it } from "vitest";
import { verdictsOf } from "./bulk-answer.ts";

function verdictOf(create: object) {
  return verdictsOf({ errors: true, items: [{ create }] }, 1)[0];
}

describe("verdictsOf", () => {
  it("tells stored, duplicate, refused and busy apart, in the order sent", () => {
    const items = [
      { create: { status: 201 } },
      { create: { status: 409, error: { type: "version_conflict_engine_exception", reason: "there already" } } },
      {
        create: { status: 400, error: { type: "document_parsing_exception", reason: "a", caused_by: { reason: "b" } } },
      },
      { create: { status: 429, error: { type: "es_rejected_execution_exception", reason: "queue" } } },
      { create: { status: 503, error: { type: "unavailable_shards_exception", reason: "primary" } } },
    ];
    expect(verdictsOf({ items }, 5)).toEqual([
      { is: "stored" },
      { is: "duplicate" },
      { is: "refused", reason: "document_parsing_exception", detail: "a: b" },
      { is: "busy", reason: "es_rejected_execution_exception" },
      { is: "busy", reason: "unavailable_shards_exception" },
    ]);
  });

  it("does not blame the record for the state of the store", () => {
    for (const [status, type] of [
      [403, "cluster_block_exception"],
      [403, "security_exception"],
      [400, "index_closed_exception"],
      [400, "validation_exception"],
      [404, "index_not_found_exception"],
      [500, "anything"],
    ]) {
      expect(verdictOf({ status, error: { type, reason: "" } })).toEqual({ is: "busy", reason: type });
    }
  });

  it.each([
    undefined,
    "text",
    {},
    { items: [] },
    { items: [{ create: { status: 201 } }] },
    { items: [{ create: { status: 201 } }, {}] },
    { items: [{ create: { status: 201 } }, null] },
    { items: [{ create: { status: 201 } }, { create: { status: "201" } }] },
    { items: [{ create: { status: 201 } }, { index: { status: 201 } }] },
  ])("takes %j for no answer to two items", (answer) => {
    expect(() => verdictsOf(answer, 2)).toThrow(expect.objectContaining({ kind: "store_unavailable" }));
  });
});
