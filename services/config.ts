import { isIP } from "node:net";
import { type DropRule, parseDropRules } from "./domain/drop-rules.ts";

/** The four roles of the program. */
export const ROLES = ["ingest", "worker", "query", "stats"] as const;
export type Role = (typeof ROLES)[number];

/** The stores that a worker may write. */
export const SINKS = ["elasticsearch", "mysql"] as const;
export type Sink = (typeof SINKS)[number];

const MODES = ["memory", "full"] as const;
const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

/** Every setting, checked. Times in milliseconds unless the name says otherwise. */
export interface Config {
  mode: (typeof MODES)[number];
  roles: readonly Role[];
  sinks: readonly Sink[];
  listen: { host: string; port: number };
  logLevel: (typeof LOG_LEVELS)[number];
  allowedHosts: readonly string[];
  trustedProxies: readonly string[];
  reflection: boolean;
  kafka: { brokers: readonly string[]; topicPrefix: string; partitions: number; replicationFactor: number };
  elasticsearch: { url: string; indexPrefix: string; replicas: number };
  mysql: { url: string };
  redis: { url: string; prefix: string };
  rateLimit: { on: boolean; perSecond: number; burst: number; replicas: number };
  dropRules: readonly DropRule[];
  recordDays: number;
  logDays: number;
  lookupTtlMs: number;
  statsTtlMs: { hour: number; day: number; week: number };
}

/** What a setting is for; README's table and `.env.example` are checked against this list. */
export const SETTINGS: Readonly<Record<string, string>> = {
  LOGPULSE_MODE: "`memory` (one process, keeps nothing) or `full` (Kafka, Elasticsearch, MySQL, Redis)",
  ROLES: "what this process does: any of ingest, worker, query, stats, apart by commas",
  SINKS: "the stores a worker writes in full mode: elasticsearch, mysql",
  LOGPULSE_LISTEN: "host:port of the one port that serves everything",
  LOGPULSE_LOG_LEVEL: "level of our own log: fatal, error, warn, info, debug, trace, silent",
  LOGPULSE_ALLOWED_HOSTS: "further Host names that HTTP callers may use while listening on loopback",
  LOGPULSE_TRUSTED_PROXIES: "addresses or CIDR ranges whose x-envoy-external-address is believed",
  LOGPULSE_REFLECTION: "gRPC reflection: on or off",
  KAFKA_BROKERS: "host:port of Kafka brokers, apart by commas",
  KAFKA_TOPIC_PREFIX: "topics are PREFIX-batches and PREFIX-dead-letters",
  KAFKA_PARTITIONS: "partitions of the batches topic; fixed once it exists",
  KAFKA_REPLICATION_FACTOR: "copies of each partition",
  ELASTICSEARCH_URL: "http(s)://host:port",
  ELASTICSEARCH_INDEX_PREFIX: "daily indices are PREFIX-YYYYMMDD",
  ELASTICSEARCH_REPLICAS: "copies of each index beside the first",
  MYSQL_URL: "mysql://user:password@host:port/database",
  REDIS_URL: "redis://[user:password@]host:port",
  REDIS_PREFIX: "stands before every key",
  LOGPULSE_RATE_LIMIT: "the limiter: on or off",
  LOGPULSE_RATE_PER_SECOND: "records per second that a client may send",
  LOGPULSE_RATE_BURST: "records that a rested client may send at once",
  LOGPULSE_REPLICAS: "ingest processes that share the limit while Redis is away",
  LOGPULSE_DROP_RULES: "records to keep out of the stores: FIELD=VALUE[&FIELD=VALUE][@RFC 3339], apart by commas",
  LOGPULSE_RECORD_DAYS: "days that records are kept",
  LOGPULSE_LOG_DAYS: "days that Kafka keeps batches",
  LOGPULSE_LOOKUP_TTL_S: "seconds that a record found by id stays in Redis",
  LOGPULSE_STATS_TTL_HOUR_S: "seconds that statistics of the last hour stay in Redis; 0: not cached",
  LOGPULSE_STATS_TTL_DAY_S: "the same of the last day",
  LOGPULSE_STATS_TTL_WEEK_S: "the same of the last week",
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks every setting: the only reader of the environment. Set but empty counts as not set.
 *
 * @throws Error that lists all mistakes together, each with the variable, its value and what is wanted.
 */
export function readConfig(env: Environment): Config {
  const read = new SettingReader(env);
  const mode = read.oneOf("LOGPULSE_MODE", "memory", MODES);
  const config: Config = {
    mode,
    roles: read.someOf("ROLES", ROLES, ROLES),
    sinks: read.someOf("SINKS", SINKS, SINKS),
    listen: read.address("LOGPULSE_LISTEN", "127.0.0.1:8080"),
    logLevel: read.oneOf("LOGPULSE_LOG_LEVEL", "info", LOG_LEVELS),
    allowedHosts: read.list("LOGPULSE_ALLOWED_HOSTS", ""),
    trustedProxies: read.proxies("LOGPULSE_TRUSTED_PROXIES"),
    reflection: read.onOff("LOGPULSE_REFLECTION", true),
    kafka: {
      brokers: read.addresses("KAFKA_BROKERS", "127.0.0.1:9092"),
      topicPrefix: read.name("KAFKA_TOPIC_PREFIX", "logpulse"),
      partitions: read.wholeNumber("KAFKA_PARTITIONS", 3, 1, 1_000),
      replicationFactor: read.wholeNumber("KAFKA_REPLICATION_FACTOR", 1, 1, 10),
    },
    elasticsearch: {
      url: read.url("ELASTICSEARCH_URL", "http://127.0.0.1:9200", ["http:", "https:"]),
      indexPrefix: read.name("ELASTICSEARCH_INDEX_PREFIX", "logpulse-records"),
      replicas: read.wholeNumber("ELASTICSEARCH_REPLICAS", 0, 0, 10),
    },
    mysql: { url: read.url("MYSQL_URL", "mysql://logpulse:logpulse@127.0.0.1:3306/logpulse", ["mysql:"]) },
    redis: {
      url: read.url("REDIS_URL", "redis://127.0.0.1:6379", ["redis:", "rediss:"]),
      prefix: read.name("REDIS_PREFIX", "logpulse"),
    },
    rateLimit: {
      on: read.onOff("LOGPULSE_RATE_LIMIT", mode === "full"),
      perSecond: read.wholeNumber("LOGPULSE_RATE_PER_SECOND", 100_000, 1, 1_000_000_000),
      burst: read.wholeNumber("LOGPULSE_RATE_BURST", 200_000, 1, 1_000_000_000),
      replicas: read.wholeNumber("LOGPULSE_REPLICAS", 1, 1, 1_000),
    },
    dropRules: read.dropRules("LOGPULSE_DROP_RULES"),
    recordDays: read.wholeNumber("LOGPULSE_RECORD_DAYS", 30, 2, 3_650),
    logDays: read.wholeNumber("LOGPULSE_LOG_DAYS", 3, 1, 365),
    lookupTtlMs: 1000 * read.wholeNumber("LOGPULSE_LOOKUP_TTL_S", 3_600, 1, 86_400),
    statsTtlMs: {
      hour: 1000 * read.wholeNumber("LOGPULSE_STATS_TTL_HOUR_S", 120, 0, 86_400),
      day: 1000 * read.wholeNumber("LOGPULSE_STATS_TTL_DAY_S", 600, 0, 86_400),
      week: 1000 * read.wholeNumber("LOGPULSE_STATS_TTL_WEEK_S", 1_800, 0, 86_400),
    },
  };
  if (config.logDays >= config.recordDays) {
    read.mistake("LOGPULSE_LOG_DAYS", `a number below LOGPULSE_RECORD_DAYS (${config.recordDays})`);
  }
  read.unknownNames();
  if (read.mistakes.length > 0) throw new Error(`cannot start:\n- ${read.mistakes.join("\n- ")}`);
  return Object.freeze(config);
}

/** Reads single settings and collects what is wrong with them. */
class SettingReader {
  readonly mistakes: string[] = [];
  private readonly env: Environment;

  constructor(env: Environment) {
    this.env = env;
  }

  mistake(name: string, wanted: string): void {
    this.mistakes.push(`${name} is "${hidePassword(this.env[name] ?? "")}"; it must be ${wanted}`);
  }

  /** A misspelt LOGPULSE_ variable would otherwise be silently without effect. */
  unknownNames(): void {
    for (const name of Object.keys(this.env)) {
      if (name.startsWith("LOGPULSE_") && !Object.hasOwn(SETTINGS, name)) {
        this.mistakes.push(`${name} is not a setting; the settings are in README.md`);
      }
    }
  }

  wholeNumber(name: string, usual: number, min: number, max: number): number {
    const text = this.text(name, String(usual));
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) this.mistake(name, `a whole number from ${min} to ${max}`);
    return value;
  }

  oneOf<T extends string>(name: string, usual: T, known: readonly T[]): T {
    const value = this.text(name, usual) as T;
    if (!known.includes(value)) this.mistake(name, `one of ${known.join(", ")}`);
    return value;
  }

  someOf<T extends string>(name: string, usual: readonly T[], known: readonly T[]): readonly T[] {
    const values = [...new Set(this.list(name, usual.join(",")))] as T[];
    if (values.some((value) => !known.includes(value)))
      this.mistake(name, `some of ${known.join(", ")}, apart by commas`);
    return values;
  }

  onOff(name: string, usual: boolean): boolean {
    return this.oneOf(name, usual ? "on" : "off", ["on", "off"]) === "on";
  }

  list(name: string, usual: string): string[] {
    return this.text(name, usual)
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }

  name(name: string, usual: string): string {
    const value = this.text(name, usual);
    if (!/^[a-z][a-z0-9-]{0,99}$/.test(value)) this.mistake(name, "a lower-case name of letters, digits and -");
    return value;
  }

  address(name: string, usual: string): { host: string; port: number } {
    const value = this.text(name, usual);
    const parts = /^(\[[0-9a-fA-F:]+\]|[^:]+):(\d{1,5})$/.exec(value);
    const port = Number(parts?.[2]);
    if (!parts || port > 65_535) this.mistake(name, "host:port, like 127.0.0.1:8080");
    return { host: (parts?.[1] ?? "").replace(/^\[|\]$/g, ""), port };
  }

  addresses(name: string, usual: string): string[] {
    const values = this.list(name, usual);
    if (values.length === 0 || values.some((value) => !/^[^:\s]+:\d{1,5}$/.test(value))) {
      this.mistake(name, "host:port, several apart by commas");
    }
    return values;
  }

  proxies(name: string): string[] {
    const values = this.list(name, "");
    const valid = (value: string) => {
      const [address = "", bits] = value.split("/");
      const version = isIP(address);
      return (
        version !== 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
      );
    };
    if (!values.every(valid)) this.mistake(name, "addresses or CIDR ranges, apart by commas, like 10.0.0.0/8");
    return values;
  }

  url(name: string, usual: string, protocols: readonly string[]): string {
    const value = this.text(name, usual);
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (!url || !protocols.includes(url.protocol))
      this.mistake(name, `a URL that begins with ${protocols.join("// or ")}//`);
    return value;
  }

  dropRules(name: string): DropRule[] {
    try {
      return parseDropRules(this.text(name, ""));
    } catch (reason) {
      this.mistake(name, `a list of drop rules: ${(reason as Error).message}`);
      return [];
    }
  }

  private text(name: string, usual: string): string {
    return this.env[name] || usual;
  }
}

/** A URL's password must not come back in an error. */
function hidePassword(value: string): string {
  return value.replace(/(:\/\/[^:/@]*:)[^@]*@/, "$1***@");
}
