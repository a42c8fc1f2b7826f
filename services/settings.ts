/** A setting: its value when it is not set, and what it is for. */
export interface Setting {
  usual: string;
  purpose: string;
}

/** Every variable that is read. README's table is made from it; `.env.example` is checked against it. */
export const SETTINGS = {
  LOGPULSE_MODE: {
    usual: "embedded",
    purpose: "`embedded` (one process, SQLite, nothing else) or `full` (Kafka, Elasticsearch, MySQL, Redis)",
  },
  ROLES: {
    usual: "ingest,worker,query,stats",
    purpose: "what this process does in full mode: any of ingest, worker, query, stats, apart by commas",
  },
  SINKS: { usual: "elasticsearch,mysql", purpose: "the stores a worker writes in full mode: elasticsearch, mysql" },
  LOGPULSE_LISTEN: { usual: "127.0.0.1:8080", purpose: "host:port of the one port that serves everything" },
  LOGPULSE_DATA: { usual: "./data", purpose: "the folder of embedded mode: log and store" },
  LOGPULSE_DISK_MIB: {
    usual: "10240",
    purpose:
      "MiB that the store in it may use: over it the oldest days go, and with the two newest alone over it records are refused; the log beside it takes up to 1 GiB more while the store is behind",
  },
  LOGPULSE_LOG_LEVEL: {
    usual: "info",
    purpose: "level of our own log: fatal, error, warn, info, debug, trace, silent",
  },
  LOGPULSE_ALLOWED_HOSTS: {
    usual: "",
    purpose: "further Host names that HTTP callers may use while listening on loopback",
  },
  LOGPULSE_TRUSTED_PROXIES: {
    usual: "",
    purpose:
      "addresses or CIDR ranges whose x-envoy-external-address is believed, and that may have 160 calls open on each connection",
  },
  LOGPULSE_STOP_NOTICE_MS: {
    usual: "",
    purpose:
      "milliseconds that a process still serves after SIGTERM while its health says no, so that balancers see it first; not set: 2500 in full mode, 0 in embedded mode",
  },
  LOGPULSE_REFLECTION: { usual: "on", purpose: "gRPC reflection: on or off" },
  LOGPULSE_TRACES_URL: {
    usual: "",
    purpose:
      "where spans go by OTLP over HTTP, like `http://127.0.0.1:4318/v1/traces`; not set: there are none ([traces](docs/OPERATING.md#traces))",
  },
  LOGPULSE_TRACES_RATIO: {
    usual: "0.01",
    purpose: "share, from 0 to 1, of traces that begin here; in a caller's trace the caller has decided",
  },
  KAFKA_BROKERS: { usual: "127.0.0.1:9092", purpose: "host:port of Kafka brokers, apart by commas" },
  KAFKA_TOPIC_PREFIX: { usual: "logpulse", purpose: "topics are PREFIX-batches and PREFIX-dead-letters" },
  KAFKA_PARTITIONS: { usual: "3", purpose: "partitions of the batches topic; fixed once it exists" },
  KAFKA_REPLICATION_FACTOR: { usual: "1", purpose: "copies of each partition" },
  ELASTICSEARCH_URL: { usual: "http://127.0.0.1:9200", purpose: "http(s)://host:port" },
  ELASTICSEARCH_INDEX_PREFIX: { usual: "logpulse-records", purpose: "daily indices are PREFIX-YYYYMMDD" },
  ELASTICSEARCH_REPLICAS: { usual: "0", purpose: "copies of each index beside the first" },
  MYSQL_URL: {
    usual: "mysql://logpulse:logpulse@127.0.0.1:3306/logpulse",
    purpose: "mysql://user:password@host:port/database",
  },
  REDIS_URL: { usual: "redis://127.0.0.1:6379", purpose: "redis://[user:password@]host:port" },
  REDIS_PREFIX: { usual: "logpulse", purpose: "stands before every key" },
  LOGPULSE_RATE_LIMIT: { usual: "", purpose: "the limiter: on or off; not set: on in full mode, off in embedded mode" },
  LOGPULSE_RATE_PER_SECOND: { usual: "100000", purpose: "records per second that a client may send" },
  LOGPULSE_RATE_BURST: { usual: "200000", purpose: "records that a rested client may send at once" },
  LOGPULSE_REPLICAS: { usual: "1", purpose: "ingest processes that share the limit while Redis is away" },
  LOGPULSE_DROP_RULES: {
    usual: "",
    purpose:
      "records to keep out of the stores: queries apart by `;`, each with an optional start `@RFC 3339` behind it",
  },
  LOGPULSE_RECORD_DAYS: {
    usual: "30",
    purpose:
      "days that the stores keep records, by the UTC day of their producer id; ids older than this less LOGPULSE_LOG_DAYS are refused",
  },
  LOGPULSE_ROLLUP_DAYS: {
    usual: "90",
    purpose: "days that statistics are kept, by the same day; not below LOGPULSE_RECORD_DAYS",
  },
  LOGPULSE_DEAD_LETTER_DAYS: {
    usual: "30",
    purpose: "days that dead letters are listed and can be replayed, and that a new topic of them keeps them",
  },
  LOGPULSE_LOG_DAYS: {
    usual: "3",
    purpose:
      "days that a new Kafka topic keeps batches, the time that a store may be away; and by that much sooner than LOGPULSE_RECORD_DAYS ingest refuses a producer id",
  },
  LOGPULSE_LOOKUP_TTL_S: {
    usual: "3600",
    purpose: "seconds that a record found by id stays in Redis, or in memory in embedded mode",
  },
  LOGPULSE_STATS_TTL_HOUR_S: {
    usual: "120",
    purpose: "seconds that statistics of the last hour stay there; 0: not cached",
  },
  LOGPULSE_STATS_TTL_DAY_S: { usual: "600", purpose: "the same of the last day" },
  LOGPULSE_STATS_TTL_WEEK_S: { usual: "1800", purpose: "the same of the last week" },
} as const satisfies Record<string, Setting>;

/** The name of a variable that is read. */
export type SettingName = keyof typeof SETTINGS;
