/**
 * Every limit of LogPulse, in one place; `limits.test.ts` holds how they nest. Unit and bound stand last in each name.
 *
 * A client's batch fits a gRPC message, which fits a Kafka message with the server's fields behind it, which fits a
 * joined produce, which fits the broker's message.max.bytes.
 */

const KiB = 1024;
const MiB = 1024 * KiB;

// What a client may send.
export const RECORDS_PER_BATCH_MAX = 10_000;
export const RECORD_BYTES_MAX = 256 * KiB;
export const BATCH_BYTES_MAX = 4 * MiB;
export const SEQ_MAX = Number.MAX_SAFE_INTEGER; // 2^53-1: exact as a JavaScript and JSON number.
export const PRODUCER_ID_BYTES = 16;
export const PRODUCER_AHEAD_MS_MAX = 10 * 60_000;

// Fields of a record. Path and the others of 8191 bytes are keywords in Elasticsearch, whose longest term is 32,766
// bytes: 8191 characters of 4 bytes each still fit.
export const SERVICE_BYTES_MAX = 256;
export const SEVERITY_TEXT_BYTES_MAX = 64;
export const HTTP_SHORT_BYTES_MAX = 64; // client_ip, method, protocol
export const HTTP_LONG_BYTES_MAX = 8191; // path, user_agent, referer
export const HTTP_STATUS_MAX = 999;
export const ATTRIBUTE_KEYS_MAX = 64;
export const ATTRIBUTE_DEPTH_MAX = 8;
export const RECORD_TIME_SECONDS_MAX = 9_223_372_036; // 2262-04-11T23:47:16Z, where 64-bit nanoseconds end.
export const RECORD_TIME_NANOS_MAX = 2n ** 63n - 1n;
export const RECORD_TIME_NANOS_IN_LAST_SECOND_MAX = 854_775_807;
export const LATENCY_SECONDS_MAX = 2_147_483; // 24.8 days: the most that fits 32-bit milliseconds.
export const RESPONSE_BYTES_MAX = Number.MAX_SAFE_INTEGER;

// Raw lines.
export const LINES_PER_REQUEST_MAX = RECORDS_PER_BATCH_MAX;
export const LINE_BYTES_MAX = 64 * KiB;
export const FORMAT_DETECTION_LINES_MAX = 200; // The first ones that are not empty: every format tries each.
export const FORMAT_DETECTION_CHARACTERS_MAX = 64 * KiB;
export const LINES_READ_CHARACTERS_PER_TURN = 64 * KiB; // Of one request: 5 to 50 ms; then other calls have their turn.
export const LINES_KEPT_AS_TEXT_TOLD_MAX = 100; // With their reasons, of one request.
export const LINE_HEAD_CHARACTERS_MAX = 512; // Of a line of plain text: so far a time and a level are looked for.
// Lines that are one record. So many bytes fit one with room for the rest, also where `raw` has them once more; a stack
// overflow of Java with its 1,024 frames does.
export const RECORD_LINES_MAX = 2_000;
export const RECORD_LINES_BYTES_MAX = 120 * KiB;
export const UNDECIDED_LINES_MAX = 20; // Behind an exception's first line: they are its message, if frames follow.

// What the server adds behind a batch: rejects are the bulk of it.
export const REJECT_TEXT_CHARACTERS_MAX = 200;
export const REJECTS_PER_UPLOAD_RESPONSE_MAX = 100;
export const SERVER_FIELDS_BYTES_MAX = RECORDS_PER_BATCH_MAX * 350;
export const TENANT_BYTES_MAX = 64;

// gRPC and HTTP.
export const GRPC_MESSAGE_BYTES_MAX = BATCH_BYTES_MAX + 64 * KiB; // A little over, so that our own error answers, not code 8.
// Nobody waits until the transport has taken one: with their heads all of a connection fit the window that HTTP/2 begins with.
export const SMALL_ANSWER_BYTES_MAX = 60;
export const HTTP_BODY_BYTES_MAX = 16 * MiB; // A JSON batch is longer than its protobuf form.
export const HTTP_HEADERS_BYTES_MAX = 32 * KiB;
export const JSON_UPLOAD_BYTES_MAX = 64 * MiB; // Of a stream of batches in one REST request; each is an HTTP body at most.
export const JSON_DEPTH_MAX = 100; // Arrays and objects in one another, as protobuf's own readers take them.
export const JSON_VALUES_MAX = 400_000; // Of one text: each takes microseconds, in which nobody else is served.
export const ANSWERS_UNSENT_BYTES_MAX = 128 * MiB; // Of REST, in one process: made, and not taken by their clients.
export const REST_ANSWER_MS_MAX = 30_000; // From the end of a REST request to its answer, where that is one message.
export const REST_STREAM_OPEN_MS_MAX = 1_000; // Until the headers of a stream of answers leave, also before the first one.
export const SSE_HEARTBEAT_MS = 15_000; // Proxies close connections on which nothing comes, many of them after 30 s.
export const STREAM_IDLE_MS_MAX = 60_000;
export const STREAM_QUIET_MS_MAX = 300_000; // Of `Stream`, between two messages: services log in bursts.
export const STREAM_ANSWER_REJECTS_MAX = 1_000; // Of one answer of `Stream`: those of a large batch take several.
export const STREAM_REJECTS_UNREAD_MAX = 200_000; // Of one process: rejects that clients of `Stream` have not taken yet.
export const STREAM_REJECTS_UNREAD_PER_CLIENT_MAX = STREAM_REJECTS_UNREAD_MAX / 4;
export const PROTOCOL_SNIFF_MS_MAX = 5_000;
export const CONNECTIONS_MAX = 10_000;
export const PEERS_REMEMBERED_MAX = 1_000; // Addresses of connections, beside what they are.
export const STREAMS_PER_CONNECTION_MAX = 1_000;
export const STREAMS_PER_CONNECTION_MIN = 16; // However many connections there are.
export const STREAMS_PER_PROXY_CONNECTION = 160; // Of a trusted proxy; Envoy keeps to as many by itself.
export const UNSHARED_CONNECTIONS_MAX = 40; // Of trusted proxies, which have that each; others share as everybody does.
export const STREAMS_MAX = 3_200; // Of one process, shared by all other connections: what is open at once makes a turn.
export const STREAM_WINDOW_BYTES = 256 * KiB; // What a client may send ahead on a stream that is not read: its share of our memory.
export const CONNECTION_WINDOW_BYTES = 4 * MiB; // The same for all streams of one connection; given back as bytes arrive.
export const CONNECTION_IDLE_MS_MAX = 300_000; // Of a gRPC connection without calls.
export const CONNECTION_PING_MS = 30_000;
export const CONNECTION_PING_ANSWER_MS_MAX = 10_000;
export const CALLS_IN_FLIGHT_MAX = 10_000; // Of one process; beyond it calls are refused as overloaded.
// Requests that are not whole or not answered yet. Their bytes are counted as they arrive, over all protocols.
export const RECEIVED_BYTES_MAX = 64 * MiB; // Of one process; beyond it calls are refused as overloaded.
export const RECEIVED_BYTES_FREE = 4 * KiB; // Of one call: so much passes even then, so health checks do.
export const RECEIVED_PIECE_BYTES = 256; // What keeping a piece costs beside its bytes, however few those are.
export const RECEIVED_BYTES_PER_SECOND_MIN = 64 * KiB; // Where room is short, a slower sender loses its call.
export const RECEIVED_SILENT_MS_MAX = 2_000; // The same for one that sends nothing.
export const DECOMPRESSIONS_AT_ONCE_MAX = 4; // Of one process: how far a message grows is known when it has grown.
export const HTTP_HEADERS_MS_MAX = 10_000;
export const HTTP_REQUEST_MS_MAX = 300_000;
export const HTTP_KEEP_ALIVE_MS_MAX = 75_000; // Above Envoy's idle time-out, so that Envoy closes first.
// Errors travel in headers, and many clients take 8 KiB of them: the text stands there three times, twice in base64.
export const ERROR_MESSAGE_BYTES_MAX = 1 * KiB; // Percent-encoded.
export const ERROR_METADATA_ENTRIES_MAX = 8;
export const ERROR_METADATA_BYTES_MAX = 128; // Of one value, percent-encoded.

// The event log.
export const LOG_MESSAGE_BYTES_MAX = BATCH_BYTES_MAX + SERVER_FIELDS_BYTES_MAX + 64 * KiB;
export const JOINED_BATCHES_MAX = 1_000; // Few would bind what is appended to the length of a turn, and a busy process has long ones.
export const JOINED_BYTES_MAX = 2 * MiB; // A larger batch goes alone. With what Kafka adds it stays below a worker's fetch.
export const PRODUCE_BYTES_MAX = 4 * MiB; // Of a request that several partitions share; what is larger goes alone.
export const BROKER_MESSAGE_BYTES_MAX = 8 * MiB + 512 * KiB;
export const UPLOAD_BATCHES_IN_FLIGHT_MAX = 32; // Of one stream; then the stream is not read until one is kept.
export const UPLOAD_BYTES_IN_FLIGHT_MAX = 8 * MiB; // The same in bytes: it is read while one more of the largest fits.
export const APPEND_PAUSE_MS = 2; // Before the next append of a partition, while many small batches come.
export const PAUSED_BATCHES_MIN = 4; // With as many in a partition's last append, the next ones are not far.
export const PAUSED_BYTES_MAX = 128 * KiB; // A larger append costs what its bytes cost.
export const APPEND_QUEUE_BYTES_MAX = 64 * MiB; // Of one process, all partitions together; beyond it calls are refused.
export const APPEND_QUEUE_BATCHES_MAX = 20_000;
export const APPENDS_IN_FLIGHT_PER_PARTITION_MAX = 1; // One: batches of one producer are appended in order.
export const APPEND_MS_MAX = 10_000;
export const LOG_CHECK_MS_MAX = 2_000;
export const LOG_JOIN_MS_MAX = 30_000; // From the wish to read until the group has let this member in.

// Workers.
export const FETCH_BYTES_PER_PARTITION_MAX = 4 * MiB;
export const STORE_RECORDS_MAX = 5_000; // Of one bulk or transaction; one larger batch goes alone.
export const STORE_BYTES_MAX = 8 * MiB;
export const STORE_WRITE_MS_MAX = 30_000; // One request that writes.
/**
 * Of one call: reading and comparing what stored and repeated records say where their bytes differ. What is not compared
 * by then counts as a conflict, since its bytes differ: a letter too many harms nobody, and sending such records on
 * purpose must not hold up a partition.
 */
export const STORE_COMPARE_MS_MAX = 5_000;
export const STORE_CHECK_MS_MAX = 2_000;
export const STORE_ATTEMPTS_MAX = 5; // Within one call, where the store is too busy; then the worker's own waits begin.
export const RETRY_WAIT_MS_MIN = 100;
export const RETRY_WAIT_MS_MAX = 10_000;
export const SETTLED_RANGES_PER_PRODUCER_MAX = 1_000;
export const ROLLUP_SERIES_PER_MINUTE_MAX = 2_000;
export const HOUR_QUIET_MS_MIN = 30_000; // Since something was last added to an hour's minutes, before they are summed up.
export const HOUR_SUMS_EVERY_MS = 10_000; // A look costs next to nothing.
export const HOURS_PER_CALL_MAX = 20;
export const HOUR_SUM_ROWS_MAX = 500_000; // Series rows of an hour's minutes; with more it is not summed up.
export const HOUR_SUM_SERIES_MAX = 20_000; // That differ: so many sums are in memory, each of some KiB.
export const HOUR_SUM_SERVICES_MAX = 1_000; // So many sketches of addresses are in memory, each up to 80 KiB.
export const DEAD_LETTER_NAME_BYTES_MAX = 64; // Of its store and its id.
export const DEAD_LETTER_REASON_BYTES_MAX = 256;
export const DEAD_LETTER_DETAIL_CHARACTERS_MAX = 1_000;
export const DEAD_LETTER_BYTES_MAX = 9 * MiB + 512 * KiB; // A letter can hold a whole message of the log, and says more.
export const FIRST_DAY_AGE_MS_MAX = 5_000; // Of what a sink knows of the first day where asking is not free.
export const RETENTION_EVERY_MS = 600_000; // Half of it at least: workers are to take turns.
export const RETENTION_AGAIN_MS = 10_000; // The same after a failure, and before the first batch was seen.
export const DISK_LIMIT_EVERY_MS = 5_000; // A look costs next to nothing.

// Dead letters, listed and replayed.
export const DEAD_LETTERS_PAGE_SIZE_DEFAULT = 50;
export const DEAD_LETTERS_PAGE_SIZE_MAX = 1_000;
export const DEAD_LETTERS_COUNTED_MAX = 100_000; // Of one count, which then says this number.
export const DEAD_LETTERS_REPLAYED_PER_CALL_MAX = 1_000;
export const DEAD_LETTER_ORIGINAL_BYTES_DEFAULT = 4 * KiB;
export const DEAD_LETTER_ORIGINAL_BYTES_MAX = 3 * MiB; // One letter then fits an answer.
export const REPLAY_MS_MAX = 15_000; // Of one call, which then goes on with the next page: callers and the door wait 30 s.
export const REPLAY_REFUSALS_TOLD_MAX = 100; // Of one call; `dead replay` tries as many at a time, and tells all of them.

// Reads.
export const QUERY_WORDS_MAX = 64;
export const WORD_CHARACTERS_MAX = 128;
export const SCANNED_WORDS_CHARACTERS_MAX = 4 * KiB; // Of ASCII text that is cut in one pass; longer text goes the general way.
export const PAGE_SIZE_DEFAULT = 50;
export const PAGE_SIZE_MAX = 1_000;
export const LIST_OFFSET_MAX = 10_000;
export const ENTRIES_FOUND_MAX = 50;
export const QUERY_TEXT_BYTES_MAX = 8 * KiB;
export const PAGE_TOKEN_CHARACTERS_MAX = 512;
export const FILTER_CONDITIONS_MAX = 256;
export const FILTER_DEPTH_MAX = 16; // Of conditions in one another.
export const FILTER_WORDS_MAX = 256;
// Engines make an automaton of each beginning and of each text that something is to contain. Elasticsearch refuses those
// of more than 1,000 bytes, an attribute's path included, and needs up to a megabyte and 20 ms of each day's index for
// each contained text: 256 of 256 characters ended it (measured).
export const FILTER_PATTERN_BYTES_MAX = 256; // Of a beginning, or of a text to be contained.
export const FILTER_CONTAINS_MAX = 16; // Texts to be contained, of one filter.
export const FILTER_ATTRIBUTE_PATH_BYTES_MAX = 512;
export const QUERY_ERRORS_TOLD_MAX = 10; // Of one text.
export const ATTRIBUTE_VALUE_CHARACTERS_MAX = 8191; // A longer one is not found by its value.
export const SEARCH_MS_MIN = 10; // The least time that a search may be given.
export const CONTEXT_RECORDS_DEFAULT = 20;
export const CONTEXT_RECORDS_MAX = 500; // On each side.
export const HISTOGRAM_BUCKETS_DEFAULT = 60;
export const HISTOGRAM_BUCKETS_MAX = 1_000;
export const FACET_FIELDS_MAX = 20;
export const FACET_VALUES_DEFAULT = 10;
export const FACET_VALUES_MAX = 100;
export const FACET_VALUES_COUNTED_MAX = 100_000; // Different values of one field that are counted at a time.
export const FACET_CHARACTERS_COUNTED_MAX = 16 * MiB; // Of all these values of all fields together.
export const FACET_VALUES_PER_INDEX_MAX = 1_000; // Which each day's index tells of a field; the rest may be counted too low.
export const FIELDS_RECORDS_LOOKED_AT_MAX = 1_000;
export const ATTRIBUTES_LISTED_MAX = 1_000; // Of one list of fields.
export const SEARCH_PAGE_BYTES_MAX = 32 * MiB; // Of one page; a store may end it at less. A thousand records may have 256 MiB.
export const EXPORT_MS_MAX = 25 * 60_000; // Of one export, which then says where to go on: before the door's half hour.
export const EXPORTS_PER_CLIENT_MAX = 4; // Of one process.
export const EXPORT_PAGE_RECORDS = 1_000; // One search of many.
export const EXPORTS_AT_ONCE_MAX = 16; // Of one process.
export const EXPORT_CHUNK_BYTES = 256 * KiB; // Of CSV in one message; one record may make it longer.
export const AGGREGATES_AT_ONCE_MAX = 4; // Of one process: histograms and facets.
export const AGGREGATES_WAITING_MAX = 500;
export const QUERY_TURN_MS_MAX = 20_000; // Until a search, list or count has its turn: the door waits 30 s for the answer.
export const SEARCHES_AT_ONCE_MAX = 8; // Of one process.
export const SEARCHES_WAITING_MAX = 2_000;
export const LISTS_AT_ONCE_MAX = 4; // Of one process: a list counts all it finds, and lookups share its connections.
export const LISTS_WAITING_MAX = 500;
export const MYSQL_CONNECTIONS_MAX = 10; // Of one pool; a process has one for each part that asks MySQL.
export const ANSWER_BYTES_MAX = 3.5 * MiB; // gRPC clients take 4 MiB unless told otherwise.
export const STORE_QUERY_MS_MAX = 10_000;
export const STORE_QUERY_LATE_MS_MAX = 2_000; // Of an answer behind its time: stores look at the clock now and then.
export const SEARCH_ANSWER_BYTES_MAX = 32 * MiB; // As the store writes it; a longer answer is asked for in parts.

// Statistics.
export const STATS_GROUPS_DEFAULT = 10;
export const STATS_GROUPS_MAX = 1_000;
export const STATS_CELLS_MAX = 20_000; // Pieces of time of all groups: each has a sketch of up to some KiB.
export const STATS_CELLS_AT_ONCE_MAX = 1_000; // Of one look into the store: so many sketches are in memory, each up to 80 KiB.
export const STATS_COUNTS_TOLD_MAX = 200_000; // Of statuses, in one answer: more would not fit it, and is not built first.
export const STATS_MINUTES_MAX = 366 * 1_440; // Of one question.
export const STATS_MS_MAX = 15_000; // Of one question: later than that no other look into the store begins.
export const METRICS_MS_MAX = 1_500; // For each figure of /metrics that is asked of a server; then it is left out.
export const METRIC_VALUES_MAX = 1_000; // Of one metric: label values come from small sets, or there is a bug.
export const LAG_AGE_MS_MAX = 1_000; // So long the lag of a store is remembered for those who look at /metrics.
export const WATERMARK_MS_MAX = 1_500; // Until log and store have said where they are; else an answer goes without.
export const WATERMARK_AGE_MS_MAX = 1_000; // So long it is remembered.
export const WATERMARK_RENEWED_MS_MAX = 30_000; // So long after somebody has asked it is kept young for the next one.

// Tails.
export const TAILS_MAX = 10_000; // Of one process.
export const TAILS_PER_CLIENT_MAX = 1_000; // The same of one address: nobody takes all of them.
export const TAIL_FETCH_BYTES_MAX = 1 * MiB;
export const TAIL_FETCH_WAIT_MS_MAX = 1_000; // Of one look for messages that are still to come.
export const TAIL_RECENT_BYTES_MAX = 32 * MiB; // Of the log's newest messages, kept for those who begin or catch up.
// Of records that one reader has not taken; beyond it records are left out. Readers with the same condition share them.
export const TAIL_QUEUE_BYTES_MAX = 2 * MiB;
export const TAIL_QUEUES_BYTES_MAX = 64 * MiB; // The same of all readers of a process together.
export const TAIL_QUEUED_RECORD_BYTES = 200; // What a record costs there beside its bytes.
export const TAIL_ANSWER_BYTES_MAX = 256 * KiB; // Of one message of records; one record alone may be larger.
// Of one process, made and not taken by their readers; then answers are smaller, down to one record. So this is no hard
// bound: at worst it is TAILS_MAX records of RECORD_BYTES_MAX, 2.5 GiB (one client: 250 MiB), where each reader waits with
// another large record. Those who share a condition share the records too.
export const TAIL_ANSWERS_BYTES_MAX = 64 * MiB;
export const TAIL_ANSWER_BYTES_MIN = 4 * KiB; // How small: so much each reader may have, or one record.
export const TAIL_HEARTBEAT_MS = 10_000; // Promised are 15 s.
export const TAIL_LOOK_EVERY_MS = 1_000; // For those whose heartbeat or end is due.
export const TAIL_HISTORIES_AT_ONCE_MAX = 4; // Of one process: readings of the log by those who catch up.
export const TAIL_HISTORIES_BYTES_MAX = 32 * MiB; // Of messages that they have in hand; what is put down is read again.
export const TAIL_TURN_MS_MAX = 5; // Of matching, at a stretch; then others of the process have their turn.
export const TAIL_MATCHES_PER_TURN_MAX = 2_000; // The same, whatever the time: a record and a condition each.
export const TAIL_PRODUCERS_REMEMBERED_MAX = 4_096; // Whose repeats are known.
export const TAIL_RUNS_PER_PRODUCER_MAX = 64; // Of seqs in one message that are told apart; beyond it, runs become one.
export const TAIL_LOG_RETRY_MS_MAX = 5_000; // So long a log that does not answer is asked again, before tails end.
export const TAIL_MS_MAX = 25 * 60_000; // Of one tail: before the door's half hour, so that the end is said in-band.
export const TAIL_HISTORY_SECONDS_MAX = 366 * 86_400;
export const TAIL_CURSOR_CHARACTERS_MAX = 16 * KiB; // With LOG_PARTITIONS_MAX; of three, it has about 80.
export const LOG_ID_CHARACTERS_MAX = 64;
export const LOG_PARTITIONS_MAX = 1_000;
export const TAIL_FETCH_LANES_MAX = LOG_PARTITIONS_MAX + 16; // One for each partition's end; catching up takes few.

// Limiter.
export const LIMITER_LEASE_SHARE_MAX = 0.01; // Of the capacity: a larger lease denies honest bursts.
export const LIMITER_CLIENTS_MAX = 100_000; // Clients whose buckets one process remembers.
export const LIMITER_LEASE_MS_MAX = 1_000; // What was leased and not used by then is given up.
export const LIMITER_REDIS_MS_MAX = 10;
export const LIMITER_TAKES_PER_COMMAND_MAX = 64; // Redis does nothing else meanwhile: about half a millisecond.
export const LIMITER_SLOW_DOWN_MS_MAX = 250;
export const LIMITER_SLOWED_CALLS_MAX = 256; // Of one process; beyond it a call over its limit is refused at once.
// Of one process: batches of `Stream` that wait for their limit, each with the STREAM_WINDOW_BYTES that its client may
// have sent behind it. So it bounds their number too: about 128, however small they are.
export const LIMITER_WAITING_BYTES_MAX = 32 * MiB;
export const LIMITER_WAITING_BYTES_PER_CLIENT_MAX = LIMITER_WAITING_BYTES_MAX / 4; // One client cannot end others' streams.
export const LIMITER_ASK_AGAIN_MS_MIN = 20; // Of the streams of one client that wait, together: the first one asks.
export const LIMITER_ASK_AGAIN_MS_MAX = 10_000; // Of a stream that waits, however long: the bucket may be full before.

// Redis, beside the limiter.
export const CACHE_REDIS_MS_MAX = 50;
export const REDIS_COOL_DOWN_MS = 100; // After a failure: so long it is left alone, then one call tries it for all.

// The memory adapters, which keep what they keep in this process.
export const MEMORY_LOG_BYTES_MAX = 64 * MiB;
export const MEMORY_DEAD_LETTERS_BYTES_MAX = 16 * MiB;
export const MEMORY_CACHE_BYTES_MAX = 16 * MiB;

// The embedded mode: SQLite files in one folder.
export const EMBEDDED_PARTITIONS = 1; // Appends that wait are joined, and one writer stores: more would not be faster.
export const SQLITE_BUSY_MS_MAX = 5_000; // A reader opening in the middle of a checkpoint waits this long.
export const SQLITE_LOG_CACHE_KIB = 4 * KiB; // Of each connection, in KiB.
export const SQLITE_STORE_CACHE_KIB = 32 * KiB;
export const SQLITE_READER_CACHE_KIB = 16 * KiB;
export const SQLITE_WAL_BYTES_MAX = 64 * MiB; // What a file of its changes is cut back to.
export const WORD_SEGMENTS_MAX = 200; // Of the index of a day's words: a search looks into each of them, 2 to 30 microseconds.
export const WORD_MERGE_IDLE_MS = 200; // So long nothing is stored before they are merged.
export const STORE_CHECKPOINT_BYTES = 16 * MiB; // Of changes: about 20 ms of copying; pages that change often are copied once.
export const STORE_CHECKPOINT_EVERY_MS = 2_000; // What is not checkpointed may be lost with the machine, and stays in the log.
export const STORE_CHECKPOINT_AGAIN_MS = 20; // While storing waits for readers that hold the WAL up.
export const STORE_CHECKPOINT_WAIT_MS_MAX = 15_000; // So long it waits: no reader should take longer.
export const MARKS_PER_RECORD_MAX = 256; // Values of attributes that are indexed, each like a word of the message.
export const READ_THREADS = 2; // One long search leaves the other free.
export const READ_FIRST_LOOK_MS_MAX = 250; // Of a search; one that takes longer begins again as a long read.
export const READ_WORDS_ASKED_MAX = 32; // In one question to the index of words, which nothing can end: 70 ms each for a million records.
export const READ_WORD_SETS_MAX = 8; // Of ids that have some words, in one statement: each is held in memory, 10 bytes an id.
export const READ_LOOK_BYTES_MAX = 8 * MiB; // Of records that one look brings between threads; a longer page takes several.
export const READS_WAITING_MAX = 1_000; // Of all threads together; beyond it calls are refused as overloaded.
export const READ_STATEMENTS_MAX = 300; // Prepared, of each thread: every day has tables of its own.
export const READ_THREAD_LATE_MS_MAX = 5_000; // Since nobody waits for its read any more; then another thread takes its place.
export const READ_THREAD_DEATHS_IN_ROW_MAX = 5; // Without an answer between them; beyond it the thread is not replaced.
export const LOG_COMMIT_BYTES_MAX = 4 * MiB; // Of appends that become one transaction; a larger one goes alone.
export const LOG_CHECKPOINT_BYTES = 4 * MiB; // Of changes: about 7 ms of copying, for which the next append waits.
export const LOG_TAIL_BYTES_KEPT = 64 * MiB; // Of what is stored already: for those who follow the log, and to mend a store.
export const LOG_BACKLOG_BYTES_MAX = 1024 * MiB; // Not stored yet; beyond it appends are refused until the store has caught up.
export const LOG_TRIM_EVERY_MS = 5_000;
export const LOG_TRIM_MESSAGES_MAX = 2_000; // Of one transaction: appends wait for it.
export const LOG_TRIM_BYTES_MAX = 2 * MiB; // The same in bytes, about 3 ms; a larger message goes alone.
export const STORE_STILL_MS_MAX = 10_000; // With messages to store and none stored for so long, readiness says so.
export const DISK_FREE_BYTES_MIN = 64 * MiB; // With less on the file system appends are refused; what is kept can still be stored.
export const DELAYS_TOLD_EVERY_MS = 500;
export const DISK_LOOK_EVERY_MS = 500;

// Traces, where they are on.
export const TRACE_SPANS_WAITING_MAX = 4_096; // Ended and not taken by the collector, 1 to 2 KiB each; beyond it they are dropped.
export const TRACE_SPANS_PER_EXPORT_MAX = 512;
export const TRACE_EXPORT_EVERY_MS = 1_000; // At the latest; at once where so many wait.
export const TRACE_EXPORT_MS_MAX = 5_000; // Of one export with all its tries; then its spans are gone.
export const TRACE_STOP_MS_MAX = 500; // For what waits when the process stops, of the share of all parts behind the server.
export const TRACE_LINKS_MAX = 128; // Of one span.
export const TRACED_BATCHES_PER_CALL_MAX = 100; // In the trace of a stream's caller; further ones begin traces of their own.

// Process.
// From the word that a process stops to the first refusal. Envoy looks at our health every second, and when it has seen
// that word it sends nobody here any more; balancers that look less often need more.
export const STOP_NOTICE_MS_DEFAULT = 2_500;
export const STOP_NOTICE_MS_MAX = 60_000;
export const DRAIN_MS_MAX = 10_000; // Behind that notice, to the exit.
// Shares of the drain time. The server stops first; those that stop after it get what it leaves, and their share at least.
export const CALLS_DRAIN_SHARE = 0.7; // For calls in flight to end by themselves.
export const CALLS_ABORT_SHARE = 0.05; // For those that were then aborted to say so to their callers.
export const CONNECTIONS_CLOSE_SHARE = 0.05; // For the last answers to leave.
export const OTHER_PARTS_STOP_SHARE = 0.15; // For all parts behind the server.
export const READY_CHECK_MS_MAX = 2_000;
export const READY_FAILURES_IN_ROW = 3; // Looks, a second apart, until a service that was ready says it is not.
export const HEALTH_REFRESH_MS = 1_000;

// The command line: one call, with all tries.
export const CALL_MS_MIN = 100;
export const CALL_MS_DEFAULT = 30_000;
export const CALL_MS_MAX = 3_600_000;
export const CALL_TRIES_MAX = 4;
export const CALL_PING_MS = 20_000; // Of a stream on which nothing comes: a server that is gone without a word is noticed.
export const CALL_PING_ANSWER_MS_MAX = 10_000;
export const TAIL_FOR_MS_MIN = 1;
export const TAIL_FOR_MS_MAX = 2_147_483_647; // The longest that a timer takes: 24.8 days.
export const SEARCH_LIMIT_DEFAULT = 100;
export const SEARCH_LIMIT_MAX = 100_000; // In pages; beyond it "all" is asked for as one stream.
export const QUERY_SHOWN_COLUMNS_MAX = 80; // Of a query around an error in it.
export const RECORD_LINE_MESSAGE_CHARACTERS_MAX = 4_000; // On a terminal; elsewhere and by "get" all of a message is shown.
export const RECORD_LINE_VALUE_CHARACTERS_MAX = 200; // Of one of the pairs behind the message.
export const RECORD_LINE_PAIRS_MAX = 20;
export const SAME_INTERRUPTION_MS = 300; // Signals that come within are one: Ctrl-C reaches a process on several ways.

// `logpulse send`.
export const SEND_READ_BYTES = 256 * KiB; // One read of a file: what a step has in hand beside its batches.
export const SEND_GZIP_READ_BYTES = 4 * KiB; // The same of a gzip file: it may become a thousand times as much.
export const SEND_BATCH_RECORDS_DEFAULT = 1_000;
export const SEND_BATCH_BYTES = 256 * KiB; // A batch that has as much is sent; it is at most one record longer.
export const SEND_BATCH_MS_MAX = 100; // Since its first record.
export const SEND_IDLE_MS = 80; // Without a further byte on a stream, before a record that could still go on is sent.
export const SEND_FOLLOWED_IDLE_MS = 500; // The same in a file that is followed: programs write a stack trace in pieces.
export const SEND_REJECTS_TOLD_MAX = 100; // Of all, one by one; beyond it they are counted by reason.
export const SEND_REASONS_COUNTED_MAX = 100; // Of which rejects are counted: servers give reasons too.
export const SEND_REASONS_TOLD_MAX = 5; // Of these, in the summary, the most frequent first.
export const SEND_FIRST_ANSWER_MS_MAX = 30_000; // Of a server that has never answered; then it is the wrong address.
export const SEND_INTERRUPT_MS_MAX = 2_000; // After Ctrl-C, for what is on its way.
export const SEND_PROGRESS_LINE_MS = 10_000; // Where no line can be written again.
export const SEND_TROUBLE_TOLD_MS_MIN = 5_000; // Between two sentences about a server that stays away.
export const SEND_DRY_RUN_RECORDS_DEFAULT = 10;
export const SEND_DRY_RUN_LINES_MAX = 10_000; // That are looked at.
export const SEND_PRODUCER_MS_MAX = 24 * 3_600_000; // The contract's: then the next records take a new one.
export const SEND_PRODUCER_LATE_MS_MAX = 20 * 24 * 3_600_000; // Of a position: older ones are refused, by default after 27 days.
export const SEND_POSITION_MS_MIN = 200; // Between two writings of the position file.
export const SEND_POSITION_BYTES_MAX = 32 * MiB;
export const SEND_FINGERPRINT_BYTES = 1 * KiB; // Of a file's beginning.
export const SEND_LOOK_EVERY_MS = 250; // At followed files, whatever the system tells of them.
export const SEND_ROTATED_MS_MAX = 30_000; // So long a file that was rotated away is looked at after its last growth.
export const SEND_FILES_REMEMBERED_MAX = 100; // Of one path: those that are not open.
export const SEND_FILES_NOTED_MAX = 10; // The same in the position file, of those that were read to their end.
export const SEND_FILE_TIMES_LATE_MS_MAX = 2_000; // Systems note times of files by some milliseconds, or by the second.
export const SEND_FILES_MAX = 1_000; // Of one call.

// `logpulse generate`.
export const GENERATE_REQUESTS_PER_SECOND_MIN = 0.001;
export const GENERATE_REQUESTS_PER_SECOND_MAX = 10_000;
export const GENERATE_REQUESTS_IN_FLIGHT_MAX = 256;
export const GENERATE_LATE_MS_MAX = 50; // Behind its time; a request that begins later is counted as late.
export const GENERATE_BEHIND_MS_MAX = 1_000; // The same, and it is skipped.
export const GENERATE_REQUEST_MS_MAX = 60_000; // Of one request with all tries.
export const GENERATE_END_MS_MAX = 10_000; // After Ctrl-C, for requests on their way.
export const GENERATE_RECORDS_MAX = 1e12; // Of one run.
export const GENERATE_RUN_MS_MAX = 30 * 86_400_000; // The same, in time.
export const GENERATE_PRODUCER_MS_MAX = 12 * 3_600_000; // Then a new id is drawn.
export const GENERATE_CONNECTION_IDLE_MS_MAX = 5_000;

// `logpulse top`.
export const TOP_GROUPS_MAX = 200; // Of one look, the busiest.
export const TOP_INTERVAL_MS_MIN = 500;
export const TOP_INTERVAL_MS_DEFAULT = 2_000;
export const TOP_INTERVAL_MS_MAX = 3_600_000;
export const TOP_RANGE_MS_MIN = 60_000;
export const TOP_RANGE_DEFAULT = "5m"; // As people write it.
export const TOP_RANGE_MS_MAX = 86_400_000;
export const TOP_FILTER_CHARACTERS_MAX = 100;
