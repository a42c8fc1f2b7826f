import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  type ErrorFigures,
  ErrorFiguresSchema,
  type LatencyFigures,
  LatencyFiguresSchema,
  TrafficFiguresSchema,
} from "../../gen/logpulse/v1/stats_service_pb.ts";
import { coverageLines } from "./coverage-text.ts";
import { ERRORS_TABLE, LATENCY_TABLE, TRAFFIC_TABLE } from "./figure-columns.ts";
import { at, coverageOf, NOW_MS, QUESTION } from "./stats.fixture.ts";
import { statsTableLines } from "./stats-table.ts";

const PEOPLE = { isPlain: false, zone: "utc" } as const;
const PROGRAMS = { isPlain: true, zone: "utc" } as const;

const latency = (count: number, p99Ms?: number): LatencyFigures =>
  create(
    LatencyFiguresSchema,
    p99Ms === undefined
      ? { count }
      : { count, averageMs: 20, maxMs: 8_020, p50Ms: 12.1, p90Ms: 48, p95Ms: 81.3, p99Ms },
  );
const errors = (requests: number, statuses: Record<string, number> = {}): ErrorFigures => {
  const countFrom = (first: string) =>
    Object.entries(statuses).reduce((sum, [status, count]) => sum + (status.startsWith(first) ? count : 0), 0);
  return create(ErrorFiguresSchema, { requests, clientErrors: countFrom("4"), serverErrors: countFrom("5"), statuses });
};
const latencies = {
  all: latency(9_315, 412),
  previous: latency(9_000, 400),
  points: [
    { startTime: at("10:00"), figures: latency(9_000, 400) },
    { startTime: at("10:01"), figures: latency(315) },
  ],
  groups: [
    {
      service: "auth",
      path: "",
      all: latency(8_102, 1_240),
      previous: latency(8_000, 1_000),
      points: [{ startTime: at("10:00"), figures: latency(8_102, 1_240) }],
    },
    { service: "", path: "", all: latency(1_213), previous: latency(0), points: [] },
    { service: "evil\u001b[2J\n", path: "", all: latency(0), previous: undefined, points: [] },
  ],
};

const ofLatency = (question: object, shown: typeof PEOPLE | typeof PROGRAMS = PEOPLE) =>
  statsTableLines(latencies, LATENCY_TABLE, { ...QUESTION, ...question }, shown).join("\n");

describe("tables of statistics", () => {
  it("of all together", () =>
    expect(ofLatency({})).toMatchInlineSnapshot(`
    "with latency     mean      p50      p90      p95     p99     max
           9,315  20.0 ms  12.1 ms  48.0 ms  81.3 ms  412 ms  8.02 s"
  `));
  it("by service", () =>
    expect(ofLatency({ hasServices: true })).toMatchInlineSnapshot(`
    "service    with latency     mean      p50      p90      p95     p99     max
    auth              8,102  20.0 ms  12.1 ms  48.0 ms  81.3 ms  1.24 s  8.02 s
    (none)            1,213        –        –        –        –       –       –
    evil␛[2J␊             0        –        –        –        –       –       –
    all               9,315  20.0 ms  12.1 ms  48.0 ms  81.3 ms  412 ms  8.02 s"
  `));
  it("by time", () =>
    expect(ofLatency({ hasTimes: true })).toMatchInlineSnapshot(`
    "time              with latency     mean      p50      p90      p95     p99     max
    2026-03-01 10:00         9,000  20.0 ms  12.1 ms  48.0 ms  81.3 ms  400 ms  8.02 s
    2026-03-01 10:01           315        –        –        –        –       –       –
    all                      9,315  20.0 ms  12.1 ms  48.0 ms  81.3 ms  412 ms  8.02 s"
  `));
  it("by service and time", () =>
    expect(ofLatency({ hasServices: true, hasTimes: true })).toMatchInlineSnapshot(`
    "service  time              with latency     mean      p50      p90      p95     p99     max
    auth     2026-03-01 10:00         8,102  20.0 ms  12.1 ms  48.0 ms  81.3 ms  1.24 s  8.02 s
    all                               9,315  20.0 ms  12.1 ms  48.0 ms  81.3 ms  412 ms  8.02 s"
  `));
  it("beside the time before", () =>
    expect(ofLatency({ hasServices: true, hasPrevious: true })).toMatchInlineSnapshot(`
      "service    with latency     mean      p50      p90      p95     p99     max  p99 before    change
      auth              8,102  20.0 ms  12.1 ms  48.0 ms  81.3 ms  1.24 s  8.02 s      1.00 s  +24.00 %
      (none)            1,213        –        –        –        –       –       –           –         –
      evil␛[2J␊             0        –        –        –        –       –       –           –         –
      all               9,315  20.0 ms  12.1 ms  48.0 ms  81.3 ms  412 ms  8.02 s      400 ms   +3.00 %"
    `));

  it("for programs: numbers as they are, and no row that could be taken for a group", () => {
    expect(ofLatency({ hasServices: true, hasTimes: true }, PROGRAMS)).toBe(
      "auth\t2026-03-01T10:00:00.000Z\t8102\t20\t12.1\t48\t81.3\t1240\t8020",
    );
    expect(ofLatency({ hasPrevious: true }, PROGRAMS)).toBe(
      "9315\t20\t12.1\t48\t81.3\t412\t8020\t400\t0.030000000000000027",
    );
    expect(ofLatency({ hasServices: true }, PROGRAMS).split("\n")).toHaveLength(3);
  });

  it("of how requests ended", () => {
    const answer = {
      all: errors(20_000, { "200": 19_000, "404": 900, "400": 10, "403": 5, "401": 3, "500": 80, "304": 2 }),
      points: [],
      groups: [],
    };
    expect(statsTableLines(answer, ERRORS_TABLE, QUESTION, PEOPLE).join("\n")).toMatchInlineSnapshot(`
      "requests  4xx  4xx share  5xx  5xx share  most frequent
        20,000  918     4.59 %   80     0.40 %  404: 900, 500: 80, 400: 10"
    `);
    expect(statsTableLines(answer, ERRORS_TABLE, QUESTION, PROGRAMS)).toEqual([
      "20000\t918\t0.0459\t80\t0.004\t404=900,500=80,400=10,403=5,401=3",
    ]);
  });

  it("of how many there were", () => {
    const figures = create(TrafficFiguresSchema, {
      requests: 1_234_567,
      responseBytes: 20_000_000_000,
      uniqueIps: 1_234,
    });
    const ofPath = create(TrafficFiguresSchema, { requests: 5, responseBytes: 0 });
    const answer = { all: figures, points: [], groups: [{ service: "", path: "/a", all: ofPath, points: [] }] };
    const question = { ...QUESTION, hasPaths: true };
    expect(statsTableLines(answer, TRAFFIC_TABLE, question, PEOPLE).join("\n")).toMatchInlineSnapshot(`
      "path   requests     bytes  addresses
      /a            5       0 B          –
      all   1,234,567  18.6 GiB      1,234"
    `);
  });

  it("of nothing", () => {
    const answer = { all: errors(0), previous: errors(0), points: [], groups: [] };
    const question = { ...QUESTION, hasServices: true, hasPrevious: true };
    expect(statsTableLines(answer, ERRORS_TABLE, question, PEOPLE)[1]).toMatch(/^all +0 +0 +– +0 +– +– +–$/);
    expect(statsTableLines(answer, ERRORS_TABLE, question, PROGRAMS)).toEqual([]);
  });
});

describe("what the figures rest on", () => {
  const lines = (coverage = coverageOf(), told = 0, question = {}) =>
    coverageLines(coverage, told, { ...QUESTION, ...question }, NOW_MS, "utc").join("\n");

  it("is counts, times, and how they were made", () => {
    expect(lines()).toBe(
      "-- 88,204 requests counted from 09:42 to 10:43 (UTC); complete to 10:42:05.500\n-- exact counts",
    );
  });

  it("is an error, where there are estimates", () => {
    expect(lines(coverageOf({ maxRelativeError: 0.01 }))).toContain("-- exact counts; estimates are within 1 %");
    expect(lines(coverageOf({ maxRelativeError: 0.0162 }))).toContain("estimates are within 1.62 %");
  });

  it("is not known, where the server does not know it", () => {
    expect(lines(coverageOf({ watermark: undefined }))).toContain("; until when it is complete, nobody can say now");
  });

  it.each([
    [{ hasPaths: true }, "-- 10 of 1,037 paths, the busiest; --limit N for more"],
    [{ hasServices: true }, "-- 10 of 1,037 services, the busiest"],
    [{ hasServices: true, hasPaths: true }, "-- 10 of 1,037 pairs of service and path, the busiest"],
  ])("are not all groups: %j", (question, expected) => {
    expect(lines(coverageOf({ groupsTotal: 1_037 }), 10, question)).toContain(expected);
    expect(lines(coverageOf({ groupsTotal: 10 }), 10, question)).not.toContain("busiest");
  });
});
