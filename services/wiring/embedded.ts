import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { QueryService } from "../../gen/logpulse/v1/query_service_pb.ts";
import { StatsService } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { MemoryCache } from "../adapters/memory/cache.ts";
import { MemoryCounter } from "../adapters/memory/counter.ts";
import { NoLimiter } from "../adapters/memory/no-limiter.ts";
import { MemoryRateLimiter } from "../adapters/memory/rate-limiter.ts";
import { lockDataFolder } from "../adapters/sqlite/data-folder-lock.ts";
import { DiskSpace } from "../adapters/sqlite/disk-space.ts";
import { isDamage } from "../adapters/sqlite/errors.ts";
import { SqliteEventLog, type SqliteEventLogSettings } from "../adapters/sqlite/log/event-log.ts";
import { SqliteEventLogFollower } from "../adapters/sqlite/log/event-log-follower.ts";
import { SqliteStorePositions } from "../adapters/sqlite/log/settled-positions.ts";
import { SqliteReads } from "../adapters/sqlite/reads/reads.ts";
import type { Config } from "../config.ts";
import { dropRulesText } from "../domain/drop-rules.ts";
import { LogPulseError } from "../domain/errors.ts";
import { EMBEDDED_PARTITIONS } from "../domain/limits.ts";
import { IngestCounts } from "../ingest/ingest-counts.ts";
import { ingestService } from "../ingest/ingest-handlers.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { Logger } from "../ports/logger.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { Traces } from "../ports/traces.ts";
import { queryService } from "../query/query-handlers.ts";
import { Tails } from "../query/tail/tails.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { statsService } from "../stats/stats-handlers.ts";
import { Watermark } from "../stats/watermark.ts";
import { adminService } from "../worker/admin-handlers.ts";
import { daysKept } from "./days-kept.ts";
import { EmbeddedStore } from "./embedded-store.ts";
import { CountedCache } from "./metrics/counted-cache.ts";
import { CountedLimiter } from "./metrics/counted-limiter.ts";
import { ingestMetrics } from "./metrics/ingest-metrics.ts";
import { lagMetrics } from "./metrics/lag-metrics.ts";
import { APPEND_TIMES, STORE_TIMES } from "./metrics/metric-times.ts";
import { settledTimes } from "./metrics/settled-times.ts";
import { storeMetrics } from "./metrics/store-metrics.ts";
import { timedPort } from "./metrics/timed-port.ts";
import { closedAtTheEnd, type Fail, type ProcessParts } from "./process-parts.ts";
import { toldCounts } from "./told-counts.ts";
import { traceStoreCall } from "./tracing/told-store-calls.ts";
import { tracedCalls } from "./tracing/traced-calls.ts";

const TRACED_LOG = { system: "sqlite", destination: "log" };

/** What the store is asked, told apart in metrics. */
const READS = [
  "get",
  "around",
  "search",
  "timeSpan",
  "histogram",
  "facets",
  "list",
  "busiest",
  "requests",
  "clients",
] as const;

/**
 * All roles in one process, on files of one folder.
 *
 * @throws Error in plain words where the folder is in use or cannot be used, or a file is damaged beyond what can be
 *   made again; nothing was changed then.
 */
export async function embeddedParts(
  config: Config,
  logger: Logger,
  metrics: Metrics,
  readableLog: boolean,
  fail: Fail,
  traces?: Traces,
): Promise<ProcessParts> {
  const { folder } = config.data;
  const lock = await lockDataFolder(folder);
  const space = await DiskSpace.watch(folder);
  const logPath = join(folder, "log.db");
  const storePath = join(folder, "store.db");
  const refusal = () => space.refusal ?? store.refusal; // Asked once there is a server.
  const log = await openLog({
    path: logPath,
    partitions: EMBEDDED_PARTITIONS,
    refusal,
    onFault: fail,
    onTrouble: (message) => logger.error({ file: logPath }, message),
  });
  const store = new EmbeddedStore(
    {
      storePath,
      logPath,
      logId: log.logId,
      partitions: log.partitions,
      signals: log.signals.buffer,
      logIsWhole: log.isWhole,
      dropRules: dropRulesText(config.dropRules),
      days: daysKept(config),
      diskBytesMax: config.data.bytesMax,
      logLevel: config.logLevel,
      readableLog,
      tellsStoreCalls: traces !== undefined,
    },
    fail,
    {
      onSettled: settledTimes("sqlite", metrics),
      onStoreCall: traces && ((call) => traceStoreCall(traces, call)),
    },
  );
  const positions = await store.open();
  await mendLostEnd(log, positions, logger);
  const reads = new SqliteReads({
    path: storePath,
    onDamage: (reason) => fail(new Error("the store's file is damaged", { cause: reason })),
    onThreadDeath: (reason, isReplaced) => logger.error({ err: reason, isReplaced }, "a thread that read has died"),
  });
  const admin = adminService({
    table: {
      list: (...question) => reads.listLetters(...question),
      count: (...question) => reads.countLetters(...question),
      settle: (...change) => store.settleLetter(...change),
    },
    replays: new Map([[store.name, store]]),
    clock: systemClock,
  });
  const { ingest, counts } = embeddedIngest(config, log, metrics);
  const tracedIngest = traces ? tracedCalls(ingest, traces, TRACED_LOG) : ingest;
  const follower = new SqliteEventLogFollower({ path: logPath, logId: log.logId, signals: log.signals });
  const settled = new SqliteStorePositions(log.signals);
  const place = { follower, positions: settled, clock: systemClock };
  const watermark = new Watermark(place);
  metrics.add(...lagMetrics(store.name, place), ...storeMetrics(store.name, () => store.totals()));
  return {
    parts: [
      closedAtTheEnd("data folder", lock),
      closedAtTheEnd("disk space", space),
      closedAtTheEnd("event log", log),
      { name: "store", start: () => store.start(), stop: () => store.stop() },
      closedAtTheEnd("reads", reads),
      closedAtTheEnd("follower of the event log", follower),
      closedAtTheEnd("watermark", watermark),
      toldCounts("ingest", () => counts.totals(), logger),
    ],
    services: [tracedIngest, ...embeddedAnswers(config, reads, follower, watermark, logger, metrics), admin],
    checks: [
      { name: "event log", services: [ingest.service.typeName], check: () => takesRecords(log, refusal) },
      { name: "store", services: [], check: () => store.check() },
      { name: "reads", services: [QueryService.typeName, StatsService.typeName], check: () => reads.check() },
    ],
  };
}

/** @throws LogPulseError `log_unavailable` where an append would be refused now. */
async function takesRecords(log: SqliteEventLog, refusal: () => string | undefined): Promise<void> {
  const reason = refusal();
  if (reason !== undefined) throw new LogPulseError("log_unavailable", reason);
  await log.check();
}

/** @throws LogPulseError, as SqliteEventLog says, that names the file and what can be done: who starts this has to know. */
async function openLog(settings: SqliteEventLogSettings): Promise<SqliteEventLog> {
  try {
    return await SqliteEventLog.open(settings);
  } catch (reason) {
    if (!(reason instanceof LogPulseError)) throw reason;
    const advice = isDamage(reason)
      ? ". Nothing was changed. Either put a backup in its place (of the file and of its -wal, both of the same time), or " +
        "move both away: a new log is begun then, what is stored stays, and what was not stored yet is gone"
      : "";
    throw new LogPulseError(reason.kind, `${reason.message}: ${settings.path}${advice}`, { cause: reason });
  }
}

/** Where the log has lost its end, what it had there is in the store, and its offsets may not be used again. */
async function mendLostEnd(log: SqliteEventLog, positions: readonly bigint[], logger: Logger): Promise<void> {
  for (const [partition, position] of positions.entries()) {
    const end = log.signals.end(partition);
    if (position <= end) continue;
    logger.error({ partition, end, position }, "the log has lost its end, which is in the store: it goes on behind it");
    await log.raiseTo(partition, position);
  }
}

function embeddedIngest(config: Config, log: SqliteEventLog, metrics: Metrics) {
  const { on, perSecond, burst } = config.rateLimit;
  const ofMemory = { capacity: burst, refillPerSecond: perSecond };
  const limiter = new CountedLimiter(on ? new MemoryRateLimiter(ofMemory, systemClock) : new NoLimiter());
  const counts = new IngestCounts();
  metrics.add(...ingestMetrics(counts), limiter.metric);
  const ingest = ingestService({
    log: timedPort<EventLog>(log, ["append"], metrics.times(APPEND_TIMES)),
    limiter,
    clock: systemClock,
    randomBytes,
    counts,
    counter: new MemoryCounter(),
    producerAgeDaysMax: config.recordDays - config.logDays,
  });
  return { ingest, counts };
}

function embeddedAnswers(
  config: Config,
  reads: SqliteReads,
  follower: SqliteEventLogFollower,
  watermark: Watermark,
  logger: Logger,
  metrics: Metrics,
) {
  const cache = new CountedCache(new MemoryCache(systemClock));
  metrics.add(cache.metric);
  const timedReads = timedPort(reads, READS, metrics.times(STORE_TIMES), { store: "sqlite" });
  const clock = systemClock;
  const tails = new Tails({ follower, clock, logger });
  const { lookupTtlMs, statsTtlMs: ttlMs } = config;
  return [
    queryService({
      lookup: timedReads,
      search: timedReads,
      aggregates: timedReads,
      accessLog: timedReads,
      tails,
      cache,
      clock,
      lookupTtlMs,
    }),
    statsService({ stats: timedReads, cache, clock, ttlMs, watermark }),
  ];
}
