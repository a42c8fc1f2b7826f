import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LogRecord } from "../gen/logpulse/v1/log_record_pb.ts";
import { type EmbeddedInstallation, startEmbedded } from "./embedded-installation.ts";
import { logsTable } from "./real-logs/logs-table.ts";
import { type SentLog, sendLog } from "./real-logs/sent-log.ts";
import {
  DPKG_LOG,
  dpkgLog,
  elasticsearchLog,
  envoyAccessLog,
  kafkaLog,
  type LogWriter,
  mariadbLog,
  ownLog,
  redisLog,
} from "./real-logs/written-logs.ts";
import { realServers } from "./real-servers.ts";

const ACCESS_LOG = join(import.meta.dirname, "..", "..", "shared", "data", "apache_access.log");

/** A log, and the format that `auto` must find in it. */
interface RealLog {
  name: string;
  write: LogWriter | undefined;
  /** Where it is there already. */
  file?: string;
  format: string;
  /** It has stack traces of Java. */
  hasTraces?: boolean;
}

const LOGS: readonly RealLog[] = [
  { name: "elasticsearch", write: elasticsearchLog, format: "text", hasTraces: true },
  { name: "kafka", write: kafkaLog, format: "text", hasTraces: true },
  { name: "mariadb", write: mariadbLog, format: "text" },
  { name: "redis", write: redisLog, format: "text" },
  { name: "envoy", write: envoyAccessLog, format: "envoy" },
  { name: "logpulse", write: ownLog, format: "json" },
  ...(existsSync(DPKG_LOG) ? [{ name: "dpkg", write: dpkgLog, format: "text" }] : []),
  ...(existsSync(ACCESS_LOG) ? [{ name: "apache", write: undefined, file: ACCESS_LOG, format: "combined" }] : []),
];

/** A line of a stack trace behind its first. */
const INSIDE_TRACE = /^(\s+at |\s*\.\.\. \d+ more|Caused by: |\s+Suppressed: )/;

describe.runIf(realServers())("logs as real servers write them, sent with auto", { timeout: 120_000 }, () => {
  let logpulse: EmbeddedInstallation;
  let folder: string;
  const sent = new Map<string, SentLog>();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "logpulse-real-logs-"));
    logpulse = await startEmbedded();
  });
  afterAll(async () => {
    await logpulse?.stop();
    rmSync(folder, { recursive: true, force: true });
    const report = process.env.REAL_LOGS_REPORT;
    if (report) writeFileSync(report, logsTable([...sent]));
  });

  it.each(LOGS)("$name", async ({ name, write, file = join(folder, `${name}.log`), format, hasTraces }) => {
    rmSync(join(folder, `${name}.log`), { force: true }); // Of an attempt before.
    await write?.(file);
    const log = await sendLog(logpulse.address, file, name);
    sent.set(name, log);
    const { lines, summary, records } = log;

    expect(summary).toMatchObject({ format, read: lines.length, rejected: 0, unknown: 0 });
    expect(records).toHaveLength(summary.records);
    if (format === "text") expect(textOf(records)).toEqual(lines.filter((line) => line.trim() !== ""));
    const torn = records.filter(({ message }) => INSIDE_TRACE.test(message));
    expect(torn.map(({ message }) => message.slice(0, 200))).toEqual([]);
    const traces = records.filter(({ message }) => /\n\s+at /.test(message));
    if (hasTraces) expect(traces.length).toBeGreaterThanOrEqual(10);
  });
});

/** The lines that the records were made of, as far as they are told. */
function textOf(records: readonly LogRecord[]): string[] {
  return records.flatMap(({ message }) => message.split("\n")).filter((line) => line.trim() !== "");
}
