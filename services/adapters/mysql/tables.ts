/**
 * Sums over requests, in most rollup tables. DECIMAL where 64 bits could overflow. `latency_buckets` is a histogram of
 * domain/latency-histogram.ts; empty in rows that are older than the column.
 */
const TALLY = `
  requests BIGINT NOT NULL,
  response_bytes DECIMAL(38, 0) NOT NULL,
  statuses BLOB NOT NULL,
  latency_count BIGINT NOT NULL,
  latency_sum_ns DECIMAL(38, 0) NOT NULL,
  latency_max_ns DECIMAL(38, 0) NOT NULL,
  latency_buckets BLOB NOT NULL`;

/**
 * The tables that are partitioned by the day of the producer's id, so that retention drops partitions; columns and keys
 * of each. LIST and not RANGE: days come in any order, and RANGE takes only later ones.
 *
 * Here and below text is VARBINARY, its UTF-8 bytes: the one collation that MySQL and MariaDB share for exact
 * comparison, utf8mb4_bin, takes "a" and "a " for equal.
 */
export const PARTITIONED_TABLES: Readonly<Record<string, string>> = {
  // One row per record. `record` is the encoded LogRecord as it was sent; what is asked for or listed has a column of
  // its own, so that a list reads no whole records. DECIMAL(28) holds any seconds of 64 bits as nanoseconds.
  // The index answers the conditions of a list, but for the path, without touching the rows. `content_hash` is that of
  // domain/record-content.ts; zeros in rows that are older than the column, whose records are then compared themselves.
  records: `
    producer_day INT NOT NULL,
    tenant VARBINARY(64) NOT NULL,
    producer BINARY(16) NOT NULL,
    seq BIGINT NOT NULL,
    time_ns BIGINT NOT NULL,
    received_ns BIGINT NOT NULL,
    severity TINYINT UNSIGNED NOT NULL,
    severity_text VARBINARY(64) NOT NULL,
    service VARBINARY(256) NOT NULL,
    has_http TINYINT NOT NULL,
    client_ip VARBINARY(64),
    method VARBINARY(64),
    method_lower VARBINARY(128),
    path VARBINARY(8191),
    status INT,
    latency_ns DECIMAL(28, 0),
    record MEDIUMBLOB NOT NULL,
    content_hash BINARY(8) NOT NULL,
    PRIMARY KEY (producer_day, tenant, producer, seq),
    INDEX by_time (tenant, has_http, time_ns, producer, seq, status, method_lower, client_ip)`,
  // One row per producer: which seqs are settled. Its row is the lock under which a transaction settles records.
  settled_seqs: `
    producer_day INT NOT NULL,
    tenant VARBINARY(64) NOT NULL,
    producer BINARY(16) NOT NULL,
    ranges BLOB NOT NULL,
    PRIMARY KEY (producer_day, tenant, producer)`,
  // One row per hour that has minutes, and log partition. Whoever changes minutes changes it too, so that whoever sums an
  // hour up sees whether it is still the same. Before its rollups in the order of this list, in which retention drops:
  // what has no state is not read. `state` as in hour-states.ts.
  rollup_hour_states: `
    tenant VARBINARY(64) NOT NULL,
    hour BIGINT NOT NULL,
    log_partition INT NOT NULL,
    producer_day INT NOT NULL,
    state TINYINT NOT NULL,
    changes BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant, hour, log_partition, producer_day),
    INDEX by_state (state, changed_ms)`,
  // One row per minute of the records' own time: the sums over all requests, and how many series rows there are. Its
  // row is the lock under which the rollup_series and rollup_clients of the minute change.
  rollup_minutes: `
    tenant VARBINARY(64) NOT NULL,
    minute BIGINT NOT NULL,
    log_partition INT NOT NULL,
    producer_day INT NOT NULL,
    series INT NOT NULL,${TALLY},
    PRIMARY KEY (tenant, minute, log_partition, producer_day)`,
  // One row per minute, service and path. `series` is a hash of the two: a path is longer than a key may be.
  rollup_series: `
    tenant VARBINARY(64) NOT NULL,
    minute BIGINT NOT NULL,
    log_partition INT NOT NULL,
    series BINARY(16) NOT NULL,
    producer_day INT NOT NULL,
    service VARBINARY(256) NOT NULL,
    path VARBINARY(8191) NOT NULL,${TALLY},
    PRIMARY KEY (tenant, minute, log_partition, series, producer_day)`,
  // One row per minute and service: a sketch of the distinct client addresses.
  rollup_clients: `
    tenant VARBINARY(64) NOT NULL,
    minute BIGINT NOT NULL,
    log_partition INT NOT NULL,
    service VARBINARY(256) NOT NULL,
    producer_day INT NOT NULL,
    sketch BLOB NOT NULL,
    PRIMARY KEY (tenant, minute, log_partition, service, producer_day)`,
  // The same for whole hours, over all log partitions: made of the rows of minutes, and to be read only where each state
  // of the hour says that it is summed up. `told`: of one service and path (3), of one path (2), of one service (1), of
  // everything (0): so that no question has to add up what it does not tell apart. `series` is that of domain/rollup.ts,
  // with an empty text for what is not told.
  rollup_hour_sums: `
    tenant VARBINARY(64) NOT NULL,
    told TINYINT NOT NULL,
    hour BIGINT NOT NULL,
    series BINARY(16) NOT NULL,
    producer_day INT NOT NULL,
    service VARBINARY(256) NOT NULL,
    path VARBINARY(8191) NOT NULL,${TALLY},
    PRIMARY KEY (tenant, told, hour, series, producer_day)`,
  rollup_hour_clients: `
    tenant VARBINARY(64) NOT NULL,
    hour BIGINT NOT NULL,
    service VARBINARY(256) NOT NULL,
    producer_day INT NOT NULL,
    sketch BLOB NOT NULL,
    PRIMARY KEY (tenant, hour, service, producer_day)`,
};

/** Of these, the tables whose days go with the setting for rollups; the others' go with that for records. */
export const ROLLUP_TABLES: readonly string[] = Object.keys(PARTITIONED_TABLES).filter((name) =>
  name.startsWith("rollup_"),
);

/** The tables that are one piece. */
export const WHOLE_TABLES: Readonly<Record<string, string>> = {
  // One row. A transaction that stores holds it shared, so that retention moves the day only between transactions.
  store_state: `
    only_row TINYINT NOT NULL PRIMARY KEY,
    first_day INT NOT NULL`,
  // One row per dead letter, by the time at which it was listed and not by its producer's day: it may have none. The key
  // is that of domain/dead-letter-key.ts. `original` is shorter than `original_bytes` where the server could not take it.
  dead_letters: `
    letter_key BINARY(32) NOT NULL PRIMARY KEY,
    tenant VARBINARY(64) NOT NULL,
    listed_ms BIGINT NOT NULL,
    changed_ms BIGINT,
    state VARBINARY(16) NOT NULL,
    store VARBINARY(64) NOT NULL,
    id VARBINARY(64) NOT NULL,
    reason VARBINARY(256) NOT NULL,
    detail VARBINARY(4096) NOT NULL,
    received_ns BIGINT,
    log_partition INT NOT NULL,
    log_offset BIGINT NOT NULL,
    original_bytes INT NOT NULL,
    original MEDIUMBLOB NOT NULL,
    INDEX by_tenant (tenant, listed_ms, letter_key),
    INDEX by_store (tenant, state, store, listed_ms, letter_key),
    INDEX by_time (listed_ms)`,
};
