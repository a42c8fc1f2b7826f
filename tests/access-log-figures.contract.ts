import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FacetValue, QueryService } from "../gen/logpulse/v1/query_service_pb.ts";
import { type ErrorPoint, StatsGrouping, StatsService, StatsStep } from "../gen/logpulse/v1/stats_service_pb.ts";
import { nanosToText, nanosToTimestamp, requireRfc3339, timestampToNanos } from "../services/domain/record-time.ts";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";

const ACCESS_LOG = join(import.meta.dirname, "..", "..", "shared", "data", "apache_access.log");
const UPLOAD = join(import.meta.dirname, "..", "clients", "upload-apache-log.ts");
const FIGURES = join(import.meta.dirname, "access-log-figures.py");
const RECORDS = 10_000;

const haveFile = existsSync(ACCESS_LOG);
if (!haveFile) {
  const message = "SKIPPED: apache_access.log with 10,000 real access lines is not beside this repository";
  if (process.env.CI) throw new Error(message);
  console.warn(message);
}

type Counts = Record<string, number>;

/** What the script counts, which shares nothing with LogPulse. */
interface Figures {
  requests: number;
  response_bytes: number;
  unique_ips: number;
  unique_ips_by_day: Counts;
  statuses: Counts;
  statuses_by_hour: Record<string, Counts>;
  statuses_by_day: Record<string, Counts>;
  methods: Counts;
  agents: Counts;
  paths: Counts;
  path_statuses: Record<string, Counts>;
  addresses: Counts;
}

const time = (text: string) => nanosToTimestamp(requireRfc3339("time", text));
const RANGE = { startTime: time("2015-05-17T00:00:00Z"), endTime: time("2015-05-21T00:00:00Z") };

/** Every figure of a real file against a script's: counts exactly, estimates within the error that the answer states. */
export function accessLogFiguresContract(mode: string, start: StartInstallation): void {
  describe.runIf(haveFile)(`figures of 10,000 real access lines, ${mode}`, { timeout: 60_000 }, () => {
    let logpulse: Installation;
    let figures: Figures;
    beforeAll(async () => {
      logpulse = await start();
      const output = execFileSync(process.execPath, [UPLOAD, ACCESS_LOG, "--addr", logpulse.address], {
        encoding: "utf8",
      });
      expect(output).toMatch(/^10000 accepted/);
      figures = JSON.parse(execFileSync("python3", [FIGURES, ACCESS_LOG], { encoding: "utf8" })) as Figures;
      const counts = () => Promise.all(logpulse.stores.map(async (store) => (await store.identities()).length));
      await eventually(counts, (each) => each.every((count) => count === RECORDS), 60_000);
    }, 120_000);
    afterAll(() => logpulse?.stop());

    const transport = () => createGrpcTransport({ baseUrl: logpulse.url });
    const stats = () => createClient(StatsService, transport());
    const query = () => createClient(QueryService, transport());

    it("errors: every status of all of the time, of each day and of each hour", async () => {
      const { coverage, all } = await stats().getErrors(RANGE);
      expect(all?.statuses).toEqual(figures.statuses);
      expect(all?.requests).toBe(figures.requests);
      expect(coverage).toMatchObject({ recordsCounted: RECORDS, maxRelativeError: 0 });
      const days = await stats().getErrors({ ...RANGE, step: StatsStep.DAY });
      expect(statusesByTime(days.points)).toEqual(figures.statuses_by_day);
      const hours = await stats().getErrors({ ...RANGE, step: StatsStep.HOUR });
      expect(statusesByTime(hours.points)).toEqual(figures.statuses_by_hour);
    });

    it("errors: every status of each path", async () => {
      const { groups, coverage } = await stats().getErrors({
        ...RANGE,
        grouping: StatsGrouping.PATH,
        groupsMax: 1_000,
      });
      expect(coverage?.groupsTotal).toBe(Object.keys(figures.paths).length);
      expect(groups).toHaveLength(1_000);
      for (const { path, all } of groups) expect([path, all?.statuses]).toEqual([path, figures.path_statuses[path]]);
      const busiest = Object.values(figures.paths).sort((a, b) => b - a);
      expect(groups.map(({ all }) => all?.requests)).toEqual(busiest.slice(0, 1_000));
    });

    it("traffic: requests and bytes exactly, addresses within three times the stated error", async () => {
      const { all, coverage, points } = await stats().getTraffic({ ...RANGE, step: StatsStep.DAY });
      expect(all).toMatchObject({ requests: figures.requests, responseBytes: figures.response_bytes });
      const error = coverage!.maxRelativeError;
      expect(error).toBeLessThan(0.02);
      const isNear = (found: number | undefined, wanted: number) =>
        expect(Math.abs(found! - wanted) / wanted).toBeLessThan((3 / 2) * error);
      isNear(all?.uniqueIps, figures.unique_ips);
      expect(points).toHaveLength(Object.keys(figures.unique_ips_by_day).length);
      for (const point of points) isNear(point.figures?.uniqueIps, figures.unique_ips_by_day[textOf(point)]!);
    });

    it("facets: the most frequent methods, statuses, agents, addresses", async () => {
      const { facets } = await query().getFacets({
        fields: ["method", "status", "agent", "ip", "level"],
        valuesMax: 100,
      });
      const [methods, statuses, agents, addresses, levels] = facets;
      for (const facet of facets) expect([facet.field, facet.countErrorMax]).toEqual([facet.field, 0]);
      expect(countsOf(methods!.values)).toEqual(figures.methods);
      expect(countsOf(statuses!.values)).toEqual(figures.statuses);
      for (const [facet, wanted] of [
        [agents!, figures.agents],
        [addresses!, figures.addresses],
      ] as const) {
        for (const { value, count } of facet.values) expect([value, count]).toEqual([value, wanted[value]]);
        const most = Object.values(wanted).sort((a, b) => b - a);
        expect(facet.values.map(({ count }) => count)).toEqual(most.slice(0, 100));
      }
      expect(countsOf(levels!.values)).toEqual(levelsOf(figures.statuses));
    });

    it("histogram: records of each hour by severity", async () => {
      const { buckets, total } = await query().getHistogram({ ...RANGE, bucketWidth: { seconds: 3_600n } });
      expect(total).toBe(RECORDS);
      const found = buckets.filter((bucket) => bucket.total > 0);
      expect(Object.fromEntries(found.map((bucket) => [textOf(bucket), bucket.levels]))).toEqual(
        Object.fromEntries(Object.entries(figures.statuses_by_hour).map(([hour, counts]) => [hour, levelsOf(counts)])),
      );
    });

    it.each([
      ["status:404", (of: Figures) => of.statuses["404"]!],
      ["status>=400", (of: Figures) => sum(of.statuses, (status) => Number(status) >= 400)],
      ["-status:200 method:get", undefined],
      ["ip:66.249.73.135", (of: Figures) => of.addresses["66.249.73.135"]!],
      ["level>=warn", (of: Figures) => sum(of.statuses, (status) => Number(status) >= 400)],
    ])("export: as many as meet %s", async (text, wanted) => {
      let records = -1;
      for await (const { event } of query().exportLogs({ query: text })) {
        if (event.case === "end") records = event.value.records;
      }
      expect(records).toBe(wanted ? wanted(figures) : Number(awk('$6 == "\\"GET" && $9 != 200')));
    });
  });
}

function awk(condition: string): string {
  return execFileSync("awk", [`${condition} { count++ } END { print count }`, ACCESS_LOG], { encoding: "utf8" });
}

/** As combined-line.ts gives them: ERROR from 500 on, WARN from 400 on, INFO for the others. */
function levelsOf(statuses: Counts): Counts {
  const levels: Counts = {};
  for (const [status, count] of Object.entries(statuses)) {
    const level = Number(status) >= 500 ? "ERROR" : Number(status) >= 400 ? "WARN" : "INFO";
    levels[level] = (levels[level] ?? 0) + count;
  }
  return levels;
}

function sum(counts: Counts, holds: (key: string) => boolean): number {
  return Object.entries(counts).reduce((total, [key, count]) => total + (holds(key) ? count : 0), 0);
}

function countsOf(values: readonly FacetValue[]): Counts {
  return Object.fromEntries(values.map(({ value, count }) => [value, count]));
}

function statusesByTime(points: readonly ErrorPoint[]): Record<string, Counts> {
  return Object.fromEntries(points.map((point) => [textOf(point), point.figures!.statuses]));
}

/** To the second, as the script writes it. */
function textOf({ startTime }: { startTime?: ErrorPoint["startTime"] }): string {
  return `${nanosToText(timestampToNanos(startTime!)).slice(0, 19)}Z`;
}
