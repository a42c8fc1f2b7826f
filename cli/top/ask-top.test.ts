import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  GetErrorsResponseSchema,
  GetLatencyResponseSchema,
  GetTrafficResponseSchema,
} from "../../gen/logpulse/v1/stats_service_pb.ts";
import { msToNanos, nanosToTimestamp } from "../../services/domain/record-time.ts";
import { topLook } from "./ask-top.ts";
import { NOW_MS } from "./top.fixture.ts";

const time = (ms: number) => nanosToTimestamp(msToNanos(ms));
const coverage = (behindMs: number | undefined) => ({
  startTime: time(NOW_MS - 300_000),
  endTime: time(NOW_MS + 53_000),
  watermark: behindMs === undefined ? undefined : time(NOW_MS - behindMs),
  groupsTotal: 37,
});
const errorsOf = (behindMs: number | undefined) =>
  create(GetErrorsResponseSchema, {
    coverage: coverage(behindMs),
    all: { requests: 3_000, clientErrors: 30, serverErrors: 3 },
    groups: [
      { service: "auth", all: { requests: 2_000, clientErrors: 20, serverErrors: 2 } },
      { service: "late", all: { requests: 0 } },
    ],
  });
const latency = create(GetLatencyResponseSchema, {
  all: { count: 3_000, p50Ms: 1, p99Ms: 9, maxMs: 10 },
  groups: [{ service: "auth", all: { count: 2_000, p50Ms: 2, p99Ms: 8, maxMs: 9 } }],
});
const traffic = create(GetTrafficResponseSchema, {
  all: { requests: 3_000, uniqueIps: 7 },
  groups: [{ service: "auth", all: { requests: 2_000, uniqueIps: 5 } }],
});

describe("a look", () => {
  it("puts three answers together", () => {
    const look = topLook(errorsOf(0), latency, traffic, "service", NOW_MS);
    expect(look).toMatchObject({ atMs: NOW_MS, fromMs: NOW_MS - 300_000, completeToMs: NOW_MS, groupsTotal: 37 });
    expect(look.all).toMatchObject({ rate: 10, clientErrorShare: 0.01, serverErrorShare: 0.001, p99: 9, addresses: 7 });
    expect(look.groups[0]).toEqual({
      name: "auth",
      requests: 2_000,
      rate: 2_000 / 300,
      clientErrorShare: 0.01,
      serverErrorShare: 0.001,
      p50: 2,
      p99: 8,
      max: 9,
      addresses: 5,
    });
  });

  it("knows what one of them does not tell", () => {
    const { groups, all } = topLook(errorsOf(0), latency, undefined, "service", NOW_MS);
    expect(groups[1]).toMatchObject({
      name: "late",
      clientErrorShare: undefined,
      p99: undefined,
      addresses: undefined,
    });
    expect(all.addresses).toBeUndefined();
  });

  it.each([
    ["of all the time, where the store has all", 0, 10, false],
    ["of all the time, where it is behind as always", 2_000, 10, false],
    ["of all the time at least, where it is behind", 100_000, 10, true],
    ["of all the time at least, where nobody knows", undefined, 10, true],
    ["that nobody knows, where it is behind that time", 300_000, undefined, true],
    ["that nobody knows, where it is behind by far", 900_000, undefined, true],
  ])("has rates %s", (_name, behindMs, rate, areRatesAtLeast) => {
    const look = topLook(errorsOf(behindMs), latency, traffic, "service", NOW_MS);
    expect(look).toMatchObject({ areRatesAtLeast });
    expect([look.all.rate, look.groups[0]!.rate]).toEqual([rate, rate && 2_000 / 300]);
  });
});
