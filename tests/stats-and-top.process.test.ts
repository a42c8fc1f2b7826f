import { fromJsonString } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  GetErrorsResponseSchema,
  GetLatencyResponseSchema,
  GetTrafficResponseSchema,
} from "../gen/logpulse/v1/stats_service_pb.ts";
import type { EmbeddedInstallation } from "./embedded-installation.ts";
import { HOSTILE, startWithRequests } from "./installation-with-requests.ts";
import { logpulse } from "./logpulse-command.ts";

let embedded: EmbeddedInstallation;

beforeAll(async () => {
  embedded = await startWithRequests();
});
afterAll(() => embedded?.stop());

const stats = (...args: string[]) => logpulse(["stats", ...args, "--addr", embedded.address]);

describe("stats", () => {
  it("latency by path", async () => {
    const { code, out, err } = await stats("latency", "--by", "path");
    expect(code).toBe(0);
    expect(out).toBe(
      [
        "path     with latency     mean      p50      p90      p95      p99      max",
        "/login             99  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms",
        "/cart              50  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms",
        "/evil␇              5  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms",
        "/logout             1  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms",
        "all               155  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms  20.0 ms",
        "",
      ].join("\n"),
    );
    expect(err).toMatch(/^-- 155 requests counted from .* to .*; complete to .*\n-- exact counts.*within 1 %\n$/);
  });

  it("errors by service, with control characters drawn", async () => {
    const { out } = await stats("errors", "--by", "service", "--limit", "2", "--compare", "previous");
    expect(out.replace(/ +/g, " ")).toBe(
      [
        "service requests 4xx 4xx share 5xx 5xx share most frequent 5xx share before change",
        "auth 100 9 9.00 % 1 1.00 % 401: 9, 500: 1 – –",
        "cart 50 0 0.00 % 0 0.00 % – –",
        "all 155 14 9.03 % 1 0.65 % 401: 9, 404: 5, 500: 1 – –",
        "",
      ].join("\n"),
    );
    const all = await stats("errors", "--by", "service");
    expect(all.out).toContain("evil␛[2J␛]0;owned␇");
    expect(all.out).not.toMatch(/[^\P{Cc}\n]/u);
    expect((await stats("errors", "--by", "service", "--limit", "2")).err).toMatch(/^-- 2 of 3 services, the busiest/);
  });

  it("traffic of one service by time, for programs", async () => {
    const { out } = await stats("traffic", "-s", "auth", "--step", "day", "--range", "10m", "--plain");
    const rows = out
      .trimEnd()
      .split("\n")
      .map((row) => row.split("\t"));
    expect(rows.reduce((sum, [, requests]) => sum + Number(requests), 0)).toBe(100);
    for (const [time] of rows) expect(time).toMatch(/^\d{4}-\d\d-\d\dT00:00:00.000Z$/);
  });

  it.each([
    ["latency", GetLatencyResponseSchema],
    ["errors", GetErrorsResponseSchema],
    ["traffic", GetTrafficResponseSchema],
  ] as const)("%s as the contract's JSON, on one line, with names as they are", async (statistic, schema) => {
    const { out, err } = await stats(statistic, "--by", "service", "--json");
    expect([err, out.split("\n").length]).toEqual(["", 2]);
    const answer = fromJsonString(schema as typeof GetErrorsResponseSchema, out, { ignoreUnknownFields: false });
    expect(answer.coverage!.recordsCounted).toBe(155);
    expect(answer.groups.map(({ service }) => service)).toEqual(["auth", "cart", HOSTILE]);
  });

  it.each([
    [["latencies"], /^logpulse: there are no statistics of "latencies"; there are latency, errors, traffic\n/],
    [[], /^logpulse: stats lacks latency\|errors\|traffic\n/],
    [["errors", "--by", "status"], /^logpulse: --by is "status"/],
    [
      ["errors", "--step", "minute", "--range", "300d"],
      /^logpulse: .*step cuts the time into .* pieces.*limit is 20000/,
    ],
  ])("%j is refused: exit code 2", async (args, expected) => {
    const { code, out, err } = await stats(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(expected);
  });
});

describe("top without a terminal", () => {
  it("is one table", async () => {
    const { code, out, err } = await logpulse(["top", "--addr", embedded.address, "--sort", "errors"]);
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toMatch(/^service +req\/s +4xx +5xx +p50 +p99 +max +addresses$/);
    expect(out.split("\n")[1]).toMatch(/^auth +\d\S+ +9\.00 % +1\.00 % +20\.0 ms +20\.0 ms +20\.0 ms +90$/);
    expect(err).toMatch(/^-- 155 requests since .*; complete to .*\n$/);
  });

  it("is one object with --json", async () => {
    const { out } = await logpulse(["top", "--addr", embedded.address, "--json", "--by", "path", "--sort", "name"]);
    const { all, groups } = JSON.parse(out);
    expect(all).toMatchObject({ requests: 155, clientErrorShare: 14 / 155 });
    expect(groups.map(({ path }: { path: string }) => path)).toEqual(["/cart", "/evil\u0007", "/login", "/logout"]);
  });

  it.each([
    [["--sort", "lag"], '--sort is "lag"; it must be one of name, rate'],
    [["--by", "path", "--sort", "addresses"], '--sort is "addresses"'],
    [["--interval", "1ms"], '--interval is "1ms"'],
  ])("%j is refused", async (args, expected) => {
    const { code, err } = await logpulse(["top", "--addr", embedded.address, ...args]);
    expect(code).toBe(2);
    expect(err).toContain(expected);
  });

  it("says who cannot be reached", async () => {
    const { code, err } = await logpulse(["top", "--addr", "127.0.0.1:1"]);
    expect(code).toBe(3);
    expect(err).toContain("127.0.0.1:1");
  });
});
