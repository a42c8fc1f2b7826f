import { beforeAll, describe, expect, it } from "vitest";
import { StatsGrouping, StatsStep } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { msToNanos, nanosToTimestamp } from "../domain/record-time.ts";
import { buildLoggedBatch, newProducer } from "../ports/build-logged-batch.ts";
import { askerOver } from "./stats-service.fixture.ts";

// Every figure is computed here a second time, from the list of requests and with nothing of ours.
const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 21);
const HOURS = 6;
const END_MS = START_MS + HOURS * HOUR_MS;
const REQUESTS = 60_000;
const PER_BATCH = 5_000;

interface Request {
  timeMs: number;
  service: string;
  path: string;
  status: number;
  ip: string;
  latencyNanos: number;
  bytes: number;
  isDropped: boolean;
}

/** Late and early ones mixed; quick answers and slow ones; few busy addresses and many others. */
function generate(): Request[] {
  let state = 20_261_121;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes, 3rd ed.
    return state / 2 ** 32;
  };
  const below = (count: number) => Math.floor(random() * count);
  return Array.from({ length: REQUESTS }, () => {
    const isSlow = random() < 0.1;
    const status = random() < 0.9 ? 200 : ([301, 404, 404, 404, 500, 503] as const)[below(6)]!;
    return {
      timeMs: START_MS + below(HOURS * HOUR_MS),
      service: ["cart", "cart", "pay", "search"][below(4)]!,
      path: `/p/${Math.floor(random() ** 3 * 40)}`,
      status,
      ip: random() < 0.3 ? `10.0.0.${below(50)}` : `10.${below(4)}.${below(256)}.${below(256)}`,
      latencyNanos: Math.floor((isSlow ? 2e9 : 2e6) * (0.5 + random()) ** 3),
      bytes: below(1_000_000),
      isDropped: status === 200,
    };
  });
}

const requests = generate();

function batches() {
  const parts = Array.from({ length: REQUESTS / PER_BATCH }, (_, part) =>
    requests.slice(part * PER_BATCH, (part + 1) * PER_BATCH),
  );
  return parts.map((some, part) =>
    buildLoggedBatch({
      tenant: "default",
      producer: newProducer(END_MS - (part % 3) * 24 * HOUR_MS), // Of three days.
      dropped: some.flatMap(({ isDropped }, index) => (isDropped ? [index] : [])),
      records: some.map(({ timeMs, service, path, status, ip, latencyNanos, bytes }) => ({
        time: nanosToTimestamp(msToNanos(timeMs)),
        service,
        http: {
          path: `${path}?q=${timeMs}`,
          status,
          clientIp: ip,
          latency: { seconds: BigInt(Math.floor(latencyNanos / 1e9)), nanos: latencyNanos % 1e9 },
          responseBytes: BigInt(bytes),
        },
      })),
    }),
  );
}

const countBy = (some: Request[], key: (request: Request) => string | number) => {
  const counts: Record<string, number> = {};
  for (const request of some) counts[key(request)] = (counts[key(request)] ?? 0) + 1;
  return counts;
};

/** The least latency that is not exceeded by at least so many of 100. */
function exactPercentileMs(some: Request[], percent: number): number {
  const sorted = some.map(({ latencyNanos }) => latencyNanos).sort((a, b) => a - b);
  let place = 0;
  while (place * 100 < percent * sorted.length) place++;
  return sorted[place - 1]! / 1e6;
}

const time = { startTime: nanosToTimestamp(msToNanos(START_MS)), endTime: nanosToTimestamp(msToNanos(END_MS)) };

describe("answers over generated requests, as they are and with every batch sent again", () => {
  let asker: Awaited<ReturnType<typeof askerOver>>;

  beforeAll(async () => {
    const all = batches();
    asker = await askerOver([...all, ...all.toReversed()], END_MS);
  });

  it("have every count by status and hour exactly, dropped requests included", async () => {
    const { all, points, coverage } = await asker.errors({ ...time, step: StatsStep.HOUR });
    expect(coverage!.recordsCounted).toBe(REQUESTS);
    expect(all!.statuses).toEqual(countBy(requests, ({ status }) => status));
    for (let hour = 0; hour < HOURS; hour++) {
      const ofHour = requests.filter(({ timeMs }) => Math.floor((timeMs - START_MS) / HOUR_MS) === hour);
      const { startTime, figures } = points[hour]!;
      expect(Number(startTime!.seconds) * 1_000).toBe(START_MS + hour * HOUR_MS);
      expect(figures).toMatchObject({
        requests: ofHour.length,
        statuses: countBy(ofHour, ({ status }) => status),
        clientErrors: ofHour.filter(({ status }) => status === 404).length,
        serverErrors: ofHour.filter(({ status }) => status >= 500).length,
      });
    }
  });

  it("have the busiest paths of a service in their order", async () => {
    const { groups, coverage } = await asker.errors({
      ...time,
      service: "pay",
      grouping: StatsGrouping.PATH,
      groupsMax: 5,
    });
    const exact = Object.entries(
      countBy(
        requests.filter(({ service }) => service === "pay"),
        ({ path }) => path,
      ),
    );
    expect(coverage!.groupsTotal).toBe(exact.length);
    exact.sort(([pathA, a], [pathB, b]) => b - a || (pathA < pathB ? -1 : 1));
    expect(groups.map(({ path, all }) => [path, all!.requests])).toEqual(exact.slice(0, 5));
  });

  it("have mean and maximum exactly, and percentiles within the error that they state", async () => {
    const { all, groups, coverage } = await asker.latency({ ...time, grouping: StatsGrouping.SERVICE });
    const told = [{ some: requests, figures: all! }];
    for (const { service, all: figures } of groups) {
      told.push({ some: requests.filter((one) => one.service === service), figures: figures! });
    }
    expect(told).toHaveLength(4);
    for (const { some, figures } of told) {
      const sum = some.reduce((total, { latencyNanos }) => total + latencyNanos, 0);
      expect(figures.count).toBe(some.length);
      expect(figures.averageMs! / (sum / some.length / 1e6)).toBeCloseTo(1, 12);
      expect(figures.maxMs).toBe(Math.max(...some.map(({ latencyNanos }) => latencyNanos)) / 1e6);
      for (const [percent, value] of [
        [50, figures.p50Ms],
        [90, figures.p90Ms],
        [95, figures.p95Ms],
        [99, figures.p99Ms],
      ] as const) {
        expect(Math.abs(value! / exactPercentileMs(some, percent) - 1)).toBeLessThanOrEqual(coverage!.maxRelativeError);
      }
    }
  });

  it("have requests and bytes exactly, and distinct addresses by service within the error that they state", async () => {
    const { all, groups, coverage } = await asker.traffic({ ...time, grouping: StatsGrouping.SERVICE });
    const told = [{ some: requests, figures: all! }];
    for (const { service, all: figures } of groups) {
      told.push({ some: requests.filter((one) => one.service === service), figures: figures! });
    }
    for (const { some, figures } of told) {
      expect(figures.requests).toBe(some.length);
      expect(figures.responseBytes).toBe(some.reduce((total, { bytes }) => total + bytes, 0));
      const exact = new Set(some.map(({ ip }) => ip)).size;
      expect(Math.abs(figures.uniqueIps! / exact - 1)).toBeLessThanOrEqual(coverage!.maxRelativeError);
    }
  });
});
