import { describe, expect, it } from "vitest";
import { GetContextResponse_Basis as Basis, type GetContextResponse } from "../../gen/logpulse/v1/query_service_pb.ts";
import { makeAssignedProducer } from "../domain/identity.ts";
import { at, errorOf, NOW_MS, producer, queryRole } from "./query.fixture.ts";

const assigned = Buffer.from(makeAssignedProducer(NOW_MS, new Uint8Array(10).fill(7))).toString("hex");
const texts = ({ before, log, after }: GetContextResponse) =>
  [before, log ? [log] : [], after].map((logs) => logs.map(({ record }) => record?.message));

describe("GetContext", () => {
  it("has the records of a producer that named itself by their seqs, whatever their times", async () => {
    const { call } = await queryRole([5, 1, 4, 2, 3].map((nanos, seq) => at(nanos, { message: `seq ${seq}` })));
    const found = await call("getContext", { id: `${producer}-2`, before: 1 });
    expect(texts(found)).toEqual([["seq 1"], ["seq 2"], ["seq 3", "seq 4"]]);
    expect(found.basis).toBe(Basis.PRODUCER);
  });

  it("has the records of the service by time where the producer was drawn by ingest", async () => {
    const { call, add } = await queryRole([at(2, { message: "of another producer", service: "a" })]);
    await add([at(3, { message: "this", service: "a" }), at(1, { message: "b's", service: "b" })], 0, assigned);
    await add(
      [at(3, { message: "at the same time", service: "a" }), at(9, { message: "late", service: "a" })],
      2,
      assigned,
    );
    const found = await call("getContext", { id: `${assigned}-0` });
    expect(texts(found)).toEqual([["of another producer"], ["this"], ["at the same time", "late"]]);
    expect(found.basis).toBe(Basis.SERVICE);
  });

  it("takes records without a service for one another's neighbours", async () => {
    const { call, add } = await queryRole([at(1, { message: "of a service", service: "a" })]);
    await add([at(0, { message: "this" }), at(2, { message: "next" })], 0, assigned);
    expect(texts(await call("getContext", { id: `${assigned}-0` }))).toEqual([[], ["this"], ["next"]]);
  });

  it("leaves out the farthest where all would not fit one answer", async () => {
    const { call } = await queryRole(
      Array.from({ length: 41 }, (_, i) => at(i, { message: `${i} ${"x".repeat(250_000)}` })),
    );
    const found = await call("getContext", { id: `${producer}-20` });
    const [before, , after] = texts(found).map((some) => some.map((text) => Number(text?.split(" ")[0])));
    expect(before!.length).toBeGreaterThan(3);
    expect(before).toEqual(Array.from({ length: before!.length }, (_, i) => 20 - before!.length + i));
    expect(after).toEqual(Array.from({ length: after!.length }, (_, i) => 21 + i));
  });

  it("may have none", async () => {
    const { call } = await queryRole([{ message: "alone" }, { message: "other" }]);
    expect(texts(await call("getContext", { id: `${producer}-0`, before: 0, after: 0 }))).toEqual([[], ["alone"], []]);
  });

  it.each([
    [{ id: `${producer}-9` }, "not_found", /is stored/],
    [{ id: "nonsense" }, "invalid_request", /id is "nonsense"/],
    [{ id: `${producer}-0`, before: -1 }, "invalid_request", /before is -1/],
    [{ id: `${producer}-0`, after: 501 }, "invalid_request", /after is 501; it must be from 0 to 500/],
  ])("refuses %j", async (asked, kind, text) => {
    const { call } = await queryRole([{ message: "a" }]);
    expect(await errorOf(call("getContext", asked))).toMatchObject({ kind, message: expect.stringMatching(text) });
  });
});
