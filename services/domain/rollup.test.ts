import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { LoggedRecord } from "./logged-batch.ts";
import {
  addTally,
  decodeStatuses,
  encodeStatuses,
  latencyMs,
  limitSeries,
  minuteOf,
  newTally,
  OTHER,
  rollUp,
  seriesKey,
} from "./rollup.ts";

interface Request {
  minute?: number;
  service?: string;
  path?: string;
  status?: number;
  clientIp?: string;
  latencyNanos?: number;
  responseBytes?: bigint;
}

function logged(record: MessageInitShape<typeof LogRecordSchema>, minute = 0): LoggedRecord {
  const bytes = toBinary(LogRecordSchema, create(LogRecordSchema, record));
  return new LoggedRecord(0, bytes, BigInt(minute) * 60_000_000_000n);
}

function requests(...some: Request[]): LoggedRecord[] {
  return some.map(({ minute, service = "s", path = "/", status = 200, clientIp = "", latencyNanos, responseBytes }) =>
    logged(
      {
        service,
        http: {
          path,
          status,
          clientIp,
          ...(responseBytes !== undefined && { responseBytes }),
          ...(latencyNanos !== undefined && { latency: { nanos: latencyNanos } }),
        },
      },
      minute,
    ),
  );
}

function histogramOf(...latencies: bigint[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const nanos of latencies) histogram.add(nanos);
  return histogram;
}

describe("minuteOf", () => {
  it("rounds down, before 1970 too", () => {
    const minute = 60_000_000_000n;
    expect([0n, minute - 1n, minute, -1n, -minute, -minute - 1n].map(minuteOf)).toEqual([0, 0, 1, -1, -1, -2]);
    expect(minuteOf(9_223_372_036_854_775_807n)).toBe(153_722_867);
  });
});

describe("rollUp", () => {
  it("sums by minute, service and path, and over the minute", () => {
    const records = requests(
      { path: "/a", clientIp: "1", status: 200, latencyNanos: 10, responseBytes: 2n ** 62n },
      { path: "/a?b=c?d", clientIp: "1", status: 404, latencyNanos: 30, responseBytes: 2n ** 62n },
      { path: "/a", clientIp: "2", service: "t" },
      { path: "/a", minute: 1 },
    );
    records.push(logged({ message: "no request" }));
    const minutes = rollUp(records);
    expect([...minutes.keys()]).toEqual([0, 1]);
    const { tally, series } = minutes.get(0)!;
    expect(tally).toEqual({
      requests: 3,
      responseBytes: 2n ** 63n,
      statuses: new Map([
        [200, 2],
        [404, 1],
      ]),
      latencyCount: 2,
      latencySumNanos: 40n,
      latencyMaxNanos: 30n,
      latencyBuckets: histogramOf(10n, 30n),
    });
    expect([...series.keys()]).toEqual([seriesKey("s", "/a"), seriesKey("t", "/a")]);
    expect(series.get(seriesKey("s", "/a"))).toMatchObject({ service: "s", path: "/a", clients: new Set(["1"]) });
    const sum = newTally();
    for (const { tally: part } of series.values()) addTally(sum, part);
    expect(sum).toEqual(tally);
  });

  it("counts a status that cannot be as 0", () => {
    expect(rollUp(requests({ status: -1 }, { status: 1000 }, { status: 999 })).get(0)!.tally.statuses).toEqual(
      new Map([
        [0, 2],
        [999, 1],
      ]),
    );
  });
});

describe("seriesKey", () => {
  it("keeps service and path apart and never changes", () => {
    const keys = [
      seriesKey("a", "bc"),
      seriesKey("ab", "c"),
      seriesKey("", "abc"),
      seriesKey("abc", ""),
      seriesKey("1:a", ""),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(seriesKey("cart", "/é")).toBe("b8bcd6878ee822429e65bc24acc95bf3");
  });
});

describe("limitSeries", () => {
  const minuteOfPaths = (...paths: string[]) =>
    rollUp(requests(...paths.map((path) => ({ path, clientIp: path })))).get(0)!;
  const paths = (minute: ReturnType<typeof minuteOfPaths>) =>
    [...minute.series.values()].map(({ path }) => path).sort();

  it("lets all in while there is room", () => {
    const minute = minuteOfPaths("/a", "/b", "/b");
    expect(limitSeries(minute, new Set(), 0, 2)).toBe(2);
    expect(paths(minute)).toEqual(["/a", "/b"]);
  });

  it("keeps the busiest of the new and every stored one, and adds the rest up", () => {
    const minute = minuteOfPaths("/old", "/a", "/b", "/b", "/c");
    expect(limitSeries(minute, new Set([seriesKey("s", "/old")]), 4, 5)).toBe(1);
    expect(paths(minute)).toEqual(["/b", "/old", OTHER]);
    const other = minute.series.get(seriesKey(OTHER, OTHER))!;
    expect(other).toMatchObject({ service: OTHER, path: OTHER, clients: new Set(["/a", "/c"]) });
    expect(other.tally.requests).toBe(2);
    expect(minute.tally.requests).toBe(5);
  });

  it("adds all new ones up where there is no room, and does not count the rest as a series", () => {
    const minute = minuteOfPaths("/a", "/b");
    expect(limitSeries(minute, new Set(), 9, 5)).toBe(0);
    expect(paths(minute)).toEqual([OTHER]);
    expect(limitSeries(minute, new Set(), 5, 5)).toBe(0);
  });

  it("decides alike whatever the order", () => {
    const names = ["/a", "/b", "/c", "/d", "/e"];
    const [one, two] = [minuteOfPaths(...names), minuteOfPaths(...names.toReversed())];
    limitSeries(one, new Set(), 0, 2);
    limitSeries(two, new Set(), 0, 2);
    expect(paths(one)).toEqual(paths(two));
  });
});

describe("a tally", () => {
  it("gives its latencies in milliseconds, and 0 for none", () => {
    expect(latencyMs(newTally())).toEqual({ count: 0, averageMs: 0, maxMs: 0 });
    const tally = rollUp(requests({ latencyNanos: 1_000_000 }, { latencyNanos: 2_000_000 }, {})).get(0)!.tally;
    expect(latencyMs(tally)).toEqual({ count: 2, averageMs: 1.5, maxMs: 2 });
  });

  it("has the same status counts after encoding", () => {
    const statuses = new Map([
      [0, 1],
      [200, 2 ** 50],
      [999, 300],
    ]);
    expect(decodeStatuses(encodeStatuses(statuses))).toEqual(statuses);
    expect(decodeStatuses(new Uint8Array())).toEqual(new Map());
  });
});
