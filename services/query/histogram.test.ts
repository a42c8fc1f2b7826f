import { describe, expect, it } from "vitest";
import { nanosToTimestamp } from "../domain/record-time.ts";
import { at, errorOf, queryRole, START } from "./query.fixture.ts";

const SECOND = 1_000_000_000;

describe("GetHistogram", () => {
  const records = [
    at(0, { severityText: "INFO" }),
    at(SECOND, { severityText: "ERROR" }),
    at(SECOND + 1, { severityText: "warn" }),
    at(59 * SECOND, {}),
  ];

  it("counts by time and severity without gaps, from the oldest to the newest record", async () => {
    const { call } = await queryRole(records);
    const { buckets, bucketWidth, total } = await call("getHistogram", {});
    expect(bucketWidth).toMatchObject({ seconds: 1n });
    expect(buckets).toHaveLength(60);
    expect(total).toBe(4);
    expect(buckets.map((bucket) => bucket.total).filter((count) => count > 0)).toEqual([1, 2, 1]);
    expect(buckets[1]).toMatchObject({ levels: { ERROR: 1, WARN: 1 } });
    expect(buckets[59]).toMatchObject({ levels: { NONE: 1 } });
    expect(buckets[0]?.startTime).toEqual(nanosToTimestamp(START));
  });

  it("keeps to the times asked for, and to the width", async () => {
    const { call } = await queryRole(records);
    const { buckets } = await call("getHistogram", {
      startTime: nanosToTimestamp(START + 1n),
      endTime: nanosToTimestamp(START + BigInt(2 * SECOND)),
      bucketWidth: { seconds: 10n },
    });
    expect(buckets).toHaveLength(1);
    expect(buckets[0]).toMatchObject({ total: 2, startTime: nanosToTimestamp(START) });
  });

  it("is empty where nothing is found, and has empty buckets where times were given", async () => {
    const { call } = await queryRole(records);
    expect((await call("getHistogram", { query: "nothing" })).buckets).toEqual([]);
    const times = { startTime: nanosToTimestamp(START), endTime: nanosToTimestamp(START + BigInt(60 * SECOND)) };
    const { buckets, total } = await call("getHistogram", { query: "nothing", ...times });
    expect([buckets.length, total]).toEqual([60, 0]);
  });

  it.each([
    [{ bucketsMax: -1 }, /buckets_max is -1/],
    [{ bucketsMax: 1_001 }, /buckets_max is 1001; it must be from 1 to 1000/],
    [{ bucketWidth: { nanos: 500_000 } }, /bucket_width is 500000 ns; it must be whole milliseconds/],
    [{ bucketWidth: { nanos: 1_000_000 } }, /bucket_width makes 59001 buckets; the limit is 1000/],
  ])("refuses %j", async (asked, text) => {
    const { call } = await queryRole(records);
    expect(await errorOf(call("getHistogram", asked))).toMatchObject({
      kind: "invalid_request",
      message: expect.stringMatching(text),
    });
  });
});
