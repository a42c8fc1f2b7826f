import { describe, expect, it } from "vitest";
import { StatsGrouping, StatsStep } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { MemoryStore } from "../adapters/memory/memory-store.ts";
import { LatencyHistogram } from "../domain/latency-histogram.ts";
import { STATS_CELLS_AT_ONCE_MAX, STATS_MS_MAX } from "../domain/limits.ts";
import { msToNanos, nanosToTimestamp, timestampToNanos } from "../domain/record-time.ts";
import { newTally } from "../domain/rollup.ts";
import { buildLoggedBatch, newProducer, type RecordToBuild } from "../ports/build-logged-batch.ts";
import { noDeadLetters } from "../ports/contract-batches.ts";
import type { LogStats, StatsSelection } from "../ports/log-stats.ts";
import { ManualClock } from "../ports/manual-clock.ts";
import { askerOf, askerOver, CONTEXT } from "./stats-service.fixture.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 13, 0, 30);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const timeOf = (ms: number) => nanosToTimestamp(msToNanos(ms));
const msOf = (time: { seconds: bigint; nanos: number } | undefined) =>
  time && Number(timestampToNanos(nanosToTimestamp(time.seconds * 1_000_000_000n + BigInt(time.nanos))) / 1_000_000n);

interface Request {
  agoMs?: number;
  service?: string;
  path?: string;
  status?: number;
  ip?: string;
  latencyMs?: number;
  bytes?: number;
}

function recordOf({ agoMs = 0, service = "cart", path = "/", status = 200, ip = "", latencyMs, bytes = 0 }: Request) {
  const latency = latencyMs === undefined ? undefined : { seconds: 0n, nanos: latencyMs * 1_000_000 };
  const http = { path, status, clientIp: ip, latency, responseBytes: BigInt(bytes) };
  return { time: timeOf(NOW_MS - agoMs), service, http } satisfies RecordToBuild;
}

function batchOf(...requests: Request[]) {
  return buildLoggedBatch({ tenant: "default", producer: newProducer(NOW_MS), records: requests.map(recordOf) });
}

describe("the time of an answer", () => {
  const coverage = async (request: object) =>
    (await (await askerOver([batchOf({}, { agoMs: HOUR_MS })], NOW_MS)).errors(request)).coverage!;

  it("is the last hour where nothing is said, in whole minutes", async () => {
    const { startTime, endTime, recordsCounted } = await coverage({});
    expect([msOf(startTime), msOf(endTime)]).toEqual([Date.UTC(2026, 10, 21, 12), Date.UTC(2026, 10, 21, 13, 1)]);
    expect(recordsCounted).toBe(2);
  });

  it("is the hour before its end where only that is said", async () => {
    const { startTime, endTime } = await coverage({ endTime: timeOf(Date.UTC(2026, 0, 1, 12)) });
    expect([msOf(startTime), msOf(endTime)]).toEqual([Date.UTC(2026, 0, 1, 11), Date.UTC(2026, 0, 1, 12)]);
  });

  it("is rounded to whole minutes, outwards", async () => {
    const { startTime, endTime } = await coverage({ startTime: timeOf(NOW_MS - 1), endTime: timeOf(NOW_MS) });
    expect(Number(endTime!.seconds - startTime!.seconds)).toBe(60);
  });

  it("may be empty", async () => {
    const moment = timeOf(Date.UTC(2026, 0, 1));
    const asker = await askerOver([batchOf({})], NOW_MS);
    const asked = { startTime: moment, endTime: moment, step: StatsStep.HOUR, grouping: StatsGrouping.PATH };
    expect(await asker.traffic({ ...asked, previousPeriod: true })).toMatchObject({
      coverage: { startTime: moment, endTime: moment, recordsCounted: 0, groupsTotal: 0 },
      all: { requests: 0, uniqueIps: 0 },
      previous: { requests: 0 },
      points: [],
      groups: [],
    });
  });
});

describe("figures", () => {
  it("of latencies: exact count, mean and maximum, percentiles by nearest rank", async () => {
    const requests = Array.from({ length: 100 }, (_, index) => ({ latencyMs: index + 1 }));
    const { all, coverage } = await (await askerOver([batchOf(...requests, {})], NOW_MS)).latency();
    expect(all).toMatchObject({ count: 100, averageMs: 50.5, maxMs: 100 });
    for (const [told, exact] of [
      [all!.p50Ms, 50],
      [all!.p90Ms, 90],
      [all!.p95Ms, 95],
      [all!.p99Ms, 99],
    ] as const) {
      expect(Math.abs(told! / exact - 1)).toBeLessThanOrEqual(0.01);
    }
    expect(coverage).toMatchObject({
      recordsCounted: 101,
      maxRelativeError: 0.01,
      method: expect.stringMatching(/DDSketch/),
    });
  });

  it("of one latency: no percentile lies above the maximum", async () => {
    const { all } = await (await askerOver([batchOf({ latencyMs: 7 })], NOW_MS)).latency();
    expect([all!.p50Ms, all!.p99Ms].every((told) => told! <= all!.maxMs! && told! > 6.9)).toBe(true);
  });

  it("of no latency are the count alone", async () => {
    const { all } = await (await askerOver([batchOf({})], NOW_MS)).latency();
    expect(all).toEqual({ $typeName: "logpulse.v1.LatencyFigures", count: 0 });
  });

  it("leave percentiles out where some latencies have no histogram", async () => {
    const tally = {
      ...newTally(),
      requests: 2,
      latencyCount: 2,
      latencySumNanos: 4_000_000n,
      latencyMaxNanos: 3_000_000n,
    };
    tally.latencyBuckets = new LatencyHistogram();
    tally.latencyBuckets.add(3_000_000n);
    const stats = new MemoryStore();
    stats.requests = async ({ fromMinute }: StatsSelection) => [{ group: undefined, minute: fromMinute, tally }];
    const { all } = await askerOf({ stats, clock: new ManualClock(NOW_MS) }).latency();
    expect(all).toEqual({ $typeName: "logpulse.v1.LatencyFigures", count: 2, averageMs: 2, maxMs: 3 });
  });

  it("of errors: requests by status, exactly", async () => {
    const statuses = [200, 200, 301, 399, 400, 404, 404, 499, 500, 503, 599, 600, 0];
    const { all, coverage } = await (
      await askerOver([batchOf(...statuses.map((status) => ({ status })))], NOW_MS)
    ).errors();
    expect(all).toMatchObject({ requests: 13, clientErrors: 4, serverErrors: 3 });
    expect(all!.statuses).toMatchObject({ 0: 1, 200: 2, 404: 2, 600: 1 });
    expect(coverage!.maxRelativeError).toBe(0);
  });

  it("of traffic: requests, bytes, and addresses where they are known", async () => {
    const asker = await askerOver(
      [
        batchOf(
          { ip: "1.1.1.1", bytes: 10 },
          { ip: "1.1.1.1", bytes: 5, path: "/a" },
          { ip: "2.2.2.2", service: "pay" },
          { service: "pay" },
        ),
      ],
      NOW_MS,
    );
    const all = await asker.traffic();
    expect(all.all).toMatchObject({ requests: 4, responseBytes: 15, uniqueIps: 2 });
    expect(all.coverage!.maxRelativeError).toBe(0.0162);
    const ofPath = await asker.traffic({ path: "/a" });
    expect(ofPath.all).toEqual({ $typeName: "logpulse.v1.TrafficFigures", requests: 1, responseBytes: 5 });
    expect(ofPath.coverage!.maxRelativeError).toBe(0);
    const byPath = await asker.traffic({ grouping: StatsGrouping.PATH });
    expect(byPath.all!.uniqueIps).toBe(2);
    expect(byPath.groups.map(({ path, all: figures }) => [path, figures!.requests, figures!.uniqueIps])).toEqual([
      ["/", 3, undefined],
      ["/a", 1, undefined],
    ]);
    const byService = await asker.traffic({ grouping: StatsGrouping.SERVICE });
    expect(byService.groups.map(({ service, all: figures }) => [service, figures!.uniqueIps])).toEqual([
      ["cart", 1],
      ["pay", 1],
    ]);
    expect((await asker.traffic({ service: "pay" })).all).toMatchObject({ requests: 2, uniqueIps: 1 });
  });
});

describe("groups, pieces and the period before", () => {
  const HOURS: Request[] = [
    { agoMs: 0, service: "cart", path: "/", status: 500 },
    { agoMs: 10 * MINUTE_MS, service: "cart", path: "/" },
    { agoMs: HOUR_MS, service: "cart", path: "/a" },
    { agoMs: HOUR_MS, service: "pay", path: "/" },
    { agoMs: 3 * HOUR_MS, service: "pay", path: "/" },
    { agoMs: 4 * HOUR_MS, service: "old", path: "/", status: 404 },
  ];
  const day = { startTime: timeOf(NOW_MS - 2 * HOUR_MS), endTime: timeOf(NOW_MS) };

  it("tells pieces oldest first, those without requests left out, of all and of each group", async () => {
    const asker = await askerOver([batchOf(...HOURS)], NOW_MS);
    const answer = await asker.errors({ ...day, step: StatsStep.HOUR, grouping: StatsGrouping.SERVICE });
    const pointsOf = (points: typeof answer.points) =>
      points.map(({ startTime, figures }) => [new Date(msOf(startTime)!).getUTCHours(), figures!.requests]);
    expect(pointsOf(answer.points)).toEqual([
      [12, 3],
      [13, 1],
    ]);
    expect(answer.groups.map(({ service, points }) => [service, pointsOf(points)])).toEqual([
      [
        "cart",
        [
          [12, 2],
          [13, 1],
        ],
      ],
      ["pay", [[12, 1]]],
    ]);
    expect(answer.all!.requests).toBe(4);
    expect(answer.coverage).toMatchObject({ recordsCounted: 4, groupsTotal: 2 });
  });

  it("tells the time of equal length before, of all and of each group", async () => {
    const asker = await askerOver([batchOf(...HOURS)], NOW_MS);
    const answer = await asker.errors({ ...day, grouping: StatsGrouping.SERVICE, previousPeriod: true });
    expect(answer.previous).toMatchObject({ requests: 2, clientErrors: 1 });
    expect(answer.groups.map(({ service, all, previous }) => [service, all!.requests, previous!.requests])).toEqual([
      ["cart", 3, 0],
      ["pay", 1, 1],
    ]);
    const without = await asker.errors({ ...day, grouping: StatsGrouping.SERVICE });
    expect([without.previous, without.groups[0]!.previous]).toEqual([undefined, undefined]);
  });

  it("tells as many groups as are asked for, ten unless said, and how many there are", async () => {
    const requests = Array.from({ length: 12 }, (_, place) => ({ path: `/${String(place).padStart(2, "0")}` }));
    const asker = await askerOver([batchOf(...requests, { path: "/11" })], NOW_MS);
    const ten = await asker.latency({ grouping: StatsGrouping.SERVICE_AND_PATH });
    expect(ten.groups.map(({ service, path }) => `${service} ${path}`).slice(0, 2)).toEqual(["cart /11", "cart /00"]);
    expect([ten.groups.length, ten.coverage!.groupsTotal]).toEqual([10, 12]);
    expect((await asker.latency({ grouping: StatsGrouping.PATH, groupsMax: 3 })).groups).toHaveLength(3);
    expect((await asker.latency({ groupsMax: 3 })).groups).toEqual([]);
  });

  it("asks for no more at once than may be held, and tells all of it", async () => {
    const store = new MemoryStore();
    const requests = Array.from({ length: 3_000 }, (_, minute) => ({
      agoMs: minute * MINUTE_MS,
      ip: `10.0.0.${minute % 7}`,
    }));
    await store.store([batchOf(...requests)], noDeadLetters, CONTEXT.signal);
    let most = 0;
    const requestsOf = store.requests.bind(store);
    store.requests = async (...asked) => {
      const cells = await requestsOf(...asked);
      most = Math.max(most, cells.length);
      return cells;
    };
    const asker = askerOf({ stats: store, clock: new ManualClock(NOW_MS) });
    const startTime = timeOf(NOW_MS - 3_000 * MINUTE_MS);
    const answer = await asker.traffic({
      startTime,
      step: StatsStep.MINUTE,
      grouping: StatsGrouping.SERVICE,
      groupsMax: 2,
    });
    expect(answer.all).toMatchObject({ requests: 3_000, uniqueIps: 7 });
    expect([answer.points.length, answer.groups[0]!.points.length]).toEqual([3_000, 3_000]);
    expect(answer.groups[0]!.all).toMatchObject({ requests: 3_000, uniqueIps: 7 });
    expect(most).toBeLessThanOrEqual(STATS_CELLS_AT_ONCE_MAX);
  });

  it("gives up where it takes too many looks", async () => {
    const clock = new ManualClock(NOW_MS);
    const store = new MemoryStore();
    store.requests = async () => {
      await clock.pass(STATS_MS_MAX / 3);
      return [];
    };
    const startTime = timeOf(NOW_MS - 10_000 * MINUTE_MS);
    const asked = askerOf({ stats: store, clock }).errors({ startTime, step: StatsStep.MINUTE });
    await expect(asked).rejects.toMatchObject({ kind: "query_too_costly" });
  });

  it("leaves no look behind where another one fails", async () => {
    const store: LogStats = new MemoryStore();
    const failure = new Error("no answer");
    store.requests = () => Promise.reject(failure);
    let given: AbortSignal | undefined;
    store.busiest = (_selection, _grouping, _size, signal) => {
      given = signal;
      return new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const asker = askerOf({ stats: store, clock: new ManualClock(NOW_MS) });
    await expect(asker.traffic({ grouping: StatsGrouping.PATH })).rejects.toBe(failure);
    expect(given?.reason).toBe(failure);
  });
});

describe("the watermark of an answer", () => {
  it("is read before the store is asked, and left out where nobody can say", async () => {
    const steps: string[] = [];
    const store = new MemoryStore();
    store.requests = async () => {
      steps.push("store");
      return [];
    };
    const read = async () => {
      steps.push("watermark");
      return 1_500_000_000n;
    };
    const asker = askerOf({ stats: store, clock: new ManualClock(NOW_MS), watermark: { read } });
    const { coverage } = await asker.errors();
    expect(coverage!.watermark).toMatchObject({ seconds: 1n, nanos: 500_000_000 });
    expect(steps).toEqual(["watermark", "store"]);
    expect((await (await askerOver([], NOW_MS)).errors()).coverage!.watermark).toBeUndefined();
  });
});

describe("questions that are refused", () => {
  const year = { startTime: timeOf(NOW_MS - 365 * 24 * HOUR_MS), endTime: timeOf(NOW_MS) };
  it.each([
    [
      "an end before the start",
      { startTime: timeOf(NOW_MS), endTime: timeOf(NOW_MS - 1) },
      /start_time lies behind end_time/,
    ],
    ["a start in the future", { startTime: timeOf(NOW_MS + HOUR_MS) }, /start_time lies in the future/],
    ["times before 1970", { startTime: { seconds: -1n } }, /start_time has -1 seconds/],
    ["times that no record has", { endTime: { seconds: 2n ** 62n } }, /end_time has 4611686018427387904 seconds/],
    [
      "more than a year",
      { startTime: { seconds: 0n } },
      /start_time lies \d+ minutes before end_time; the limit is 527040/,
    ],
    ["negative groups", { groupsMax: -1 }, /groups_max is -1; it must be from 1 to 1000/],
    ["too many groups", { groupsMax: 1_001 }, /groups_max is 1001/],
    ["a step that there is not", { step: 77 as StatsStep }, /step is 77/],
    ["a grouping that there is not", { grouping: -1 as StatsGrouping }, /grouping is -1/],
    [
      "too many pieces",
      { ...year, step: StatsStep.MINUTE },
      /step cuts the time into 525601 pieces; the limit is 20000/,
    ],
    [
      "too many pieces of groups",
      { ...year, step: StatsStep.DAY, grouping: StatsGrouping.PATH, groupsMax: 100 },
      /into 366 pieces, those of 100 groups beside them: 36966 in all; the limit is 20000/,
    ],
    ["a path with its query", { path: "/a?b=c" }, /path has a "\?"/],
    ["texts without end", { service: "x".repeat(10_000) }, /service is 10000 bytes long/],
  ])("%s", async (_, request, message) => {
    const asker = await askerOver([], NOW_MS);
    for (const ask of [asker.latency, asker.errors, asker.traffic]) {
      await expect(ask(request)).rejects.toMatchObject({
        kind: "invalid_request",
        message: expect.stringMatching(message),
      });
    }
  });

  it("answers longer than clients take", async () => {
    const requests = Array.from({ length: 600 }, (_, place) => ({ path: `/${place}${"p".repeat(8_000)}` }));
    const asker = await askerOver([batchOf(...requests)], NOW_MS);
    const asked = asker.errors({ grouping: StatsGrouping.PATH, groupsMax: 1_000 });
    await expect(asked).rejects.toMatchObject({
      kind: "invalid_request",
      message: expect.stringMatching(/would be \d{7} bytes long; the limit is 3670016/),
    });
    expect((await asker.errors({ grouping: StatsGrouping.PATH, groupsMax: 100 })).groups).toHaveLength(100);
  });
});
