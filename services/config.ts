import type { DropRule } from "./domain/drop-rules.ts";
import { STOP_NOTICE_MS_DEFAULT, STOP_NOTICE_MS_MAX } from "./domain/limits.ts";
import { type Environment, SettingReader } from "./setting-reader.ts";

/** The four roles of the program. */
export const ROLES = ["ingest", "worker", "query", "stats"] as const;
export type Role = (typeof ROLES)[number];

/** The stores that a worker may write. */
export const SINKS = ["elasticsearch", "mysql"] as const;
export type Sink = (typeof SINKS)[number];

const MODES = ["embedded", "full"] as const;
const MiB = 1024 * 1024;
const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** Every setting, checked. Times in milliseconds unless the name says otherwise. */
export interface Config {
  mode: (typeof MODES)[number];
  roles: readonly Role[];
  sinks: readonly Sink[];
  listen: { host: string; port: number };
  /** Of the embedded mode. `folder` as it was given. */
  data: { folder: string; bytesMax: number };
  logLevel: (typeof LOG_LEVELS)[number];
  allowedHosts: readonly string[];
  trustedProxies: readonly string[];
  reflection: boolean;
  stopNoticeMs: number;
  /** Undefined where there are none. `share`: 0 to 1, of those that begin here. */
  traces: { url: string; share: number } | undefined;
  kafka: { brokers: readonly string[]; topicPrefix: string; partitions: number; replicationFactor: number };
  elasticsearch: { url: string; indexPrefix: string; replicas: number };
  mysql: { url: string };
  redis: { url: string; prefix: string };
  rateLimit: { on: boolean; perSecond: number; burst: number; replicas: number };
  dropRules: readonly DropRule[];
  recordDays: number;
  rollupDays: number;
  deadLetterDays: number;
  logDays: number;
  lookupTtlMs: number;
  statsTtlMs: { hour: number; day: number; week: number };
}

/**
 * Reads and checks every setting: the only reader of the environment. Set but empty counts as not set.
 *
 * @throws Error that lists all mistakes together, each with the variable, its value and what is wanted.
 */
export function readConfig(env: Environment): Config {
  const read = new SettingReader(env);
  const mode = read.oneOf("LOGPULSE_MODE", MODES);
  const config: Config = {
    mode,
    roles: read.someOf("ROLES", ROLES),
    sinks: read.someOf("SINKS", SINKS),
    listen: read.address("LOGPULSE_LISTEN"),
    data: {
      folder: read.path("LOGPULSE_DATA"),
      bytesMax: MiB * read.wholeNumber("LOGPULSE_DISK_MIB", 256, 100_000_000),
    },
    logLevel: read.oneOf("LOGPULSE_LOG_LEVEL", LOG_LEVELS),
    allowedHosts: read.list("LOGPULSE_ALLOWED_HOSTS"),
    trustedProxies: read.proxies("LOGPULSE_TRUSTED_PROXIES"),
    reflection: read.onOff("LOGPULSE_REFLECTION"),
    stopNoticeMs: read.isSet("LOGPULSE_STOP_NOTICE_MS")
      ? read.wholeNumber("LOGPULSE_STOP_NOTICE_MS", 0, STOP_NOTICE_MS_MAX)
      : mode === "full"
        ? STOP_NOTICE_MS_DEFAULT
        : 0, // Nobody balances between one process and itself.
    traces: readTraces(read),
    kafka: {
      brokers: read.addresses("KAFKA_BROKERS"),
      topicPrefix: read.name("KAFKA_TOPIC_PREFIX"),
      partitions: read.wholeNumber("KAFKA_PARTITIONS", 1, 1_000),
      replicationFactor: read.wholeNumber("KAFKA_REPLICATION_FACTOR", 1, 10),
    },
    elasticsearch: {
      url: read.url("ELASTICSEARCH_URL", ["http:", "https:"]),
      indexPrefix: read.name("ELASTICSEARCH_INDEX_PREFIX"),
      replicas: read.wholeNumber("ELASTICSEARCH_REPLICAS", 0, 10),
    },
    mysql: { url: read.url("MYSQL_URL", ["mysql:"]) },
    redis: {
      url: read.url("REDIS_URL", ["redis:", "rediss:"]),
      prefix: read.name("REDIS_PREFIX"),
    },
    rateLimit: {
      on: read.isSet("LOGPULSE_RATE_LIMIT") ? read.onOff("LOGPULSE_RATE_LIMIT") : mode === "full",
      perSecond: read.wholeNumber("LOGPULSE_RATE_PER_SECOND", 1, 1_000_000_000),
      burst: read.wholeNumber("LOGPULSE_RATE_BURST", 1, 1_000_000_000),
      replicas: read.wholeNumber("LOGPULSE_REPLICAS", 1, 1_000),
    },
    dropRules: read.dropRules("LOGPULSE_DROP_RULES"),
    recordDays: read.wholeNumber("LOGPULSE_RECORD_DAYS", 2, 3_650),
    rollupDays: read.wholeNumber("LOGPULSE_ROLLUP_DAYS", 2, 3_650),
    deadLetterDays: read.wholeNumber("LOGPULSE_DEAD_LETTER_DAYS", 1, 3_650),
    logDays: read.wholeNumber("LOGPULSE_LOG_DAYS", 1, 365),
    lookupTtlMs: 1000 * read.wholeNumber("LOGPULSE_LOOKUP_TTL_S", 1, 86_400),
    statsTtlMs: {
      hour: 1000 * read.wholeNumber("LOGPULSE_STATS_TTL_HOUR_S", 0, 86_400),
      day: 1000 * read.wholeNumber("LOGPULSE_STATS_TTL_DAY_S", 0, 86_400),
      week: 1000 * read.wholeNumber("LOGPULSE_STATS_TTL_WEEK_S", 0, 86_400),
    },
  };
  if (config.logDays >= config.recordDays) {
    read.mistake("LOGPULSE_LOG_DAYS", `a number below LOGPULSE_RECORD_DAYS (${config.recordDays})`);
  }
  if (config.rollupDays < config.recordDays) {
    read.mistake("LOGPULSE_ROLLUP_DAYS", `LOGPULSE_RECORD_DAYS (${config.recordDays}) or more`);
  }
  read.unknownNames();
  if (read.mistakes.length > 0) throw new Error(`cannot start:\n- ${read.mistakes.join("\n- ")}`);
  return Object.freeze(config);
}

/** Both settings are checked, also where the second one is without effect. */
function readTraces(read: SettingReader): Config["traces"] {
  const share = read.share("LOGPULSE_TRACES_RATIO");
  if (!read.isSet("LOGPULSE_TRACES_URL")) return undefined;
  return { url: read.url("LOGPULSE_TRACES_URL", ["http:", "https:"]), share };
}
