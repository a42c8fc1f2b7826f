import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";
import { SETTINGS } from "./settings.ts";

function mistakes(env: Record<string, string>): string[] {
  try {
    readConfig(env);
    return [];
  } catch (reason) {
    return (reason as Error).message.split("\n- ").slice(1);
  }
}

describe("settings", () => {
  it("have defaults that start on a laptop: one process, loopback, no limiter", () => {
    expect(readConfig({})).toMatchObject({
      mode: "embedded",
      data: { folder: "./data", bytesMax: 10 * 1024 ** 3 },
      roles: ["ingest", "worker", "query", "stats"],
      listen: { host: "127.0.0.1", port: 8080 },
      rateLimit: { on: false, perSecond: 100_000, burst: 200_000 },
      dropRules: [],
    });
  });

  it("that are set but empty count as not set", () => {
    expect(readConfig({ ROLES: "", KAFKA_PARTITIONS: "" }).kafka.partitions).toBe(3);
  });

  it("are none of the command line's: a server starts in a shell that has its address", () => {
    expect(mistakes({ LOGPULSE_ADDR: "127.0.0.1:8080" })).toEqual([]);
    expect(mistakes({ LOGPULSE_ADRR: "127.0.0.1:8080" })).toHaveLength(1);
  });

  it("are read", () => {
    const config = readConfig({
      LOGPULSE_MODE: "full",
      ROLES: "ingest, query",
      LOGPULSE_LISTEN: "[::1]:9000",
      KAFKA_BROKERS: "a:9092,b:9092",
      LOGPULSE_TRUSTED_PROXIES: "10.0.0.0/8,::1",
      LOGPULSE_DROP_RULES: "status=200",
    });
    expect(config).toMatchObject({
      roles: ["ingest", "query"],
      listen: { host: "::1", port: 9000 },
      kafka: { brokers: ["a:9092", "b:9092"] },
      rateLimit: { on: true },
      dropRules: [{ text: "status=200" }],
    });
  });

  it("have a notice before the stop where somebody balances", () => {
    const noticeMs = (env: Record<string, string>) => readConfig(env).stopNoticeMs;
    expect(noticeMs({})).toBe(0);
    expect(noticeMs({ LOGPULSE_MODE: "full" })).toBe(2_500);
    expect(noticeMs({ LOGPULSE_MODE: "full", LOGPULSE_STOP_NOTICE_MS: "0" })).toBe(0);
    expect(noticeMs({ LOGPULSE_STOP_NOTICE_MS: "60000" })).toBe(60_000);
    expect(mistakes({ LOGPULSE_STOP_NOTICE_MS: "60001" })).toHaveLength(1);
  });

  it("have no traces unless there is somewhere to send them", () => {
    expect(readConfig({}).traces).toBeUndefined();
    expect(readConfig({ LOGPULSE_TRACES_RATIO: "1" }).traces).toBeUndefined();
    const url = "http://collector:4318/v1/traces";
    expect(readConfig({ LOGPULSE_TRACES_URL: url }).traces).toEqual({ url, share: 0.01 });
    for (const [text, share] of [
      ["0", 0],
      ["1", 1],
      [".5", 0.5],
      ["1.0", 1],
      ["0.0001", 0.0001],
    ] as const) {
      expect(readConfig({ LOGPULSE_TRACES_URL: url, LOGPULSE_TRACES_RATIO: text }).traces?.share).toBe(share);
    }
    for (const text of ["1.01", "-0", "1e-2", "50%"]) expect(mistakes({ LOGPULSE_TRACES_RATIO: text })).toHaveLength(1);
  });

  it("that are wrong are told all together, each with variable, value and what is wanted", () => {
    const told = mistakes({
      LOGPULSE_MODE: "turbo",
      ROLES: "ingest,cook",
      SINKS: "tape",
      LOGPULSE_LISTEN: "8080",
      LOGPULSE_DISK_MIB: "255",
      LOGPULSE_DATA: "a\0b",
      KAFKA_PARTITIONS: "0",
      KAFKA_BROKERS: "nowhere",
      ELASTICSEARCH_URL: "ftp://x",
      MYSQL_URL: "not a url",
      LOGPULSE_TRUSTED_PROXIES: "10.0.0.0/99",
      LOGPULSE_RATE_LIMIT: "maybe",
      LOGPULSE_DROP_RULES: "colour=red",
      LOGPULSE_LOG_DAYS: "40",
      LOGPULSE_RECORD_DAYS: "20",
      LOGPULSE_ROLLUP_DAYS: "19",
      LOGPULSE_DEAD_LETTER_DAYS: "0",
      LOGPULSE_REPLICAS: "1e2",
      LOGPULSE_RATE_PERSECOND: "5",
      LOGPULSE_TRACES_URL: "127.0.0.1:4318",
      LOGPULSE_TRACES_RATIO: "1.5",
    });
    expect(told).toHaveLength(20);
    expect(told[0]).toBe('LOGPULSE_MODE is "turbo"; it must be one of embedded, full');
    for (const line of told) expect(line).toMatch(/ is "?.*(must be|not a setting)/);
  });

  it("keep statistics as long as records at least, whichever of the two is set", () => {
    expect(readConfig({ LOGPULSE_RECORD_DAYS: "90" })).toMatchObject({ recordDays: 90, rollupDays: 90 });
    expect(mistakes({ LOGPULSE_RECORD_DAYS: "91" })).toEqual([
      'LOGPULSE_ROLLUP_DAYS is "90"; it must be LOGPULSE_RECORD_DAYS (91) or more',
    ]);
  });

  it("never show a password", () => {
    expect(mistakes({ MYSQL_URL: "postgres://root:geheim@db/x" })[0]).toBe(
      'MYSQL_URL is "postgres://root:***@db/x"; it must be a URL that begins with mysql://',
    );
  });

  it("each say what they are for", () => {
    for (const [name, { purpose }] of Object.entries(SETTINGS)) expect(purpose.length, name).toBeGreaterThan(10);
  });
});
