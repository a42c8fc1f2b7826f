import { expect, it } from "vitest";
import * as limits from "./limits.ts";

/** Each must be smaller than the next: what one stage lets through, the next one can carry. */
const NESTED: [string, number[]][] = [
  [
    "a record in a batch in a gRPC message in a log message in a produce",
    [
      limits.RECORD_BYTES_MAX,
      limits.BATCH_BYTES_MAX,
      limits.GRPC_MESSAGE_BYTES_MAX,
      limits.LOG_MESSAGE_BYTES_MAX,
      limits.BROKER_MESSAGE_BYTES_MAX,
    ],
  ],
  ["a line in lines that are one record", [limits.LINE_BYTES_MAX, limits.RECORD_LINES_BYTES_MAX]],
  [
    "lines that are one record, as text and as bytes, in a record",
    [2 * limits.RECORD_LINES_BYTES_MAX, limits.RECORD_BYTES_MAX],
  ],
  ["a message of the log in a dead letter", [limits.BROKER_MESSAGE_BYTES_MAX, limits.DEAD_LETTER_BYTES_MAX]],
  [
    "an original that is asked for in an answer in what gRPC clients take",
    [
      limits.DEAD_LETTER_ORIGINAL_BYTES_DEFAULT,
      limits.DEAD_LETTER_ORIGINAL_BYTES_MAX,
      limits.ANSWER_BYTES_MAX,
      4 * 2 ** 20,
    ],
  ],
  ["a record's identity as text in a dead letter", [32 + 1 + 16, limits.DEAD_LETTER_NAME_BYTES_MAX]],
  [
    "the looks for days to drop, the failed ones, in a day",
    [limits.RETENTION_AGAIN_MS, limits.RETENTION_EVERY_MS, 86_400_000],
  ],
  [
    "calls of all connections in those of a process",
    [
      limits.STREAMS_MAX + limits.UNSHARED_CONNECTIONS_MAX * limits.STREAMS_PER_PROXY_CONNECTION,
      limits.CALLS_IN_FLIGHT_MAX,
    ],
  ],
  ["comparing records in a transaction", [2 * limits.STORE_COMPARE_MS_MAX, limits.STORE_WRITE_MS_MAX]],
  ["an export of spans in those that wait", [limits.TRACE_SPANS_PER_EXPORT_MAX, limits.TRACE_SPANS_WAITING_MAX]],
  [
    "the last export of spans in the time of the parts that stop behind the server",
    [limits.TRACE_STOP_MS_MAX, limits.OTHER_PARTS_STOP_SHARE * limits.DRAIN_MS_MAX],
  ],
  ["a joined produce", [limits.JOINED_BYTES_MAX, limits.BROKER_MESSAGE_BYTES_MAX]],
  // Kafka answers empty for a partition whose next joined produce is larger, as long as another one has data.
  [
    "a joined produce with 1 KiB beside each batch",
    [limits.JOINED_BYTES_MAX + limits.JOINED_BATCHES_MAX * 1_024, limits.FETCH_BYTES_PER_PARTITION_MAX],
  ],
  [
    "an answer of a tail in its queue in all queues",
    [
      limits.TAIL_ANSWER_BYTES_MIN,
      limits.TAIL_ANSWER_BYTES_MAX,
      limits.TAIL_QUEUE_BYTES_MAX,
      limits.TAIL_QUEUES_BYTES_MAX,
    ],
  ],
  ["a look for messages in what tails keep of the log", [limits.TAIL_FETCH_BYTES_MAX, limits.TAIL_RECENT_BYTES_MAX]],
  [
    "a look at tails and a sign of life in what is promised",
    [limits.TAIL_LOOK_EVERY_MS + limits.TAIL_HEARTBEAT_MS, 15_000],
  ],
  ["the tries of a log that is away in what is promised", [limits.TAIL_LOG_RETRY_MS_MAX, limits.TAIL_HEARTBEAT_MS]],
  [
    "a batch and everything that the server adds",
    [limits.BATCH_BYTES_MAX + limits.SERVER_FIELDS_BYTES_MAX, limits.LOG_MESSAGE_BYTES_MAX],
  ],
  [
    "every record of a batch rejected, in the worst words",
    [limits.RECORDS_PER_BATCH_MAX * (limits.REJECT_TEXT_CHARACTERS_MAX + 40), limits.SERVER_FIELDS_BYTES_MAX],
  ],
  [
    "a batch on its way in one stream, and all of one stream in the queue",
    [2 * limits.BATCH_BYTES_MAX - 1, limits.UPLOAD_BYTES_IN_FLIGHT_MAX, limits.APPEND_QUEUE_BYTES_MAX],
  ],
  [
    "a batch that waits for its limit, and what stands behind it, in its client's part of the room",
    [
      limits.BATCH_BYTES_MAX + limits.STREAM_WINDOW_BYTES,
      limits.LIMITER_WAITING_BYTES_PER_CLIENT_MAX,
      limits.LIMITER_WAITING_BYTES_MAX,
    ],
  ],
  [
    "what streams that wait may hold, in the room for requests",
    [limits.LIMITER_WAITING_BYTES_MAX, limits.RECEIVED_BYTES_MAX],
  ],
  [
    "a wait for the limit, until it is asked again",
    [limits.LIMITER_ASK_AGAIN_MS_MIN, limits.LIMITER_ASK_AGAIN_MS_MAX, limits.STREAM_IDLE_MS_MAX],
  ],
  [
    "an answer's rejects in those of a batch, in those that one client and that all have not read",
    [
      limits.STREAM_ANSWER_REJECTS_MAX,
      limits.RECORDS_PER_BATCH_MAX,
      limits.STREAM_REJECTS_UNREAD_PER_CLIENT_MAX,
      limits.STREAM_REJECTS_UNREAD_MAX,
    ],
  ],
  [
    "an answer of Stream, in the worst words, in what clients take",
    [
      limits.STREAM_ANSWER_REJECTS_MAX * (limits.REJECT_TEXT_CHARACTERS_MAX + 80) +
        limits.UPLOAD_BATCHES_IN_FLIGHT_MAX * 4 * limits.ERROR_MESSAGE_BYTES_MAX,
      limits.ANSWER_BYTES_MAX,
    ],
  ],
  ["one message, and a silence between two of them", [limits.STREAM_IDLE_MS_MAX, limits.STREAM_QUIET_MS_MAX]],
  [
    "one log message in the tail of the embedded log, and that beside the backlog",
    [limits.LOG_MESSAGE_BYTES_MAX, limits.LOG_TAIL_BYTES_KEPT, limits.LOG_BACKLOG_BYTES_MAX],
  ],
  ["what the embedded log copies at once in its WAL", [limits.LOG_CHECKPOINT_BYTES, limits.SQLITE_WAL_BYTES_MAX]],
  [
    "what the embedded store copies at once in half of its WAL, and that in the tail of the log",
    [limits.STORE_CHECKPOINT_BYTES, limits.SQLITE_WAL_BYTES_MAX / 2, limits.LOG_TAIL_BYTES_KEPT],
  ],
  [
    "the longest read of the embedded store in the wait for readers",
    [limits.STORE_QUERY_MS_MAX, limits.STORE_CHECKPOINT_WAIT_MS_MAX],
  ],
  ["too many segments of words, twice over, in what FTS5 can have", [2 * limits.WORD_SEGMENTS_MAX, 2_000]],
  ["one log message in the queue", [limits.LOG_MESSAGE_BYTES_MAX, limits.APPEND_QUEUE_BYTES_MAX]],
  ["a long keyword of 4-byte characters in an Elasticsearch term", [limits.HTTP_LONG_BYTES_MAX, 32_766 / 4]],
  [
    "the beginning of an attribute, its path before it, in an automaton of Elasticsearch",
    [limits.FILTER_ATTRIBUTE_PATH_BYTES_MAX + 1 + limits.FILTER_PATTERN_BYTES_MAX, 1_000],
  ],
  [
    "the longest search, with what its answer may be late, in the wait of REST",
    [limits.STORE_QUERY_MS_MAX + limits.STORE_QUERY_LATE_MS_MAX, limits.REST_ANSWER_MS_MAX],
  ],
  [
    "lists, and as many lookups beside them, in the connections to MySQL",
    [2 * limits.LISTS_AT_ONCE_MAX, limits.MYSQL_CONNECTIONS_MAX],
  ],
  [
    "groups in one look for statistics, and that in an answer",
    [limits.STATS_GROUPS_MAX - 1, limits.STATS_CELLS_AT_ONCE_MAX, limits.STATS_CELLS_MAX],
  ],
  [
    "the looks for statistics, the last of them whole, in the wait of REST",
    [limits.STATS_MS_MAX + limits.STORE_QUERY_MS_MAX, limits.REST_ANSWER_MS_MAX],
  ],
  ["a line in a record", [limits.LINE_BYTES_MAX, limits.RECORD_BYTES_MAX]],
  [
    "the lines that a format is found out by in those of a request",
    [limits.FORMAT_DETECTION_LINES_MAX, limits.LINES_PER_REQUEST_MAX],
  ],
  [
    "every line of a request rejected, in the worst words, in an answer that clients take",
    [limits.LINES_PER_REQUEST_MAX * (limits.REJECT_TEXT_CHARACTERS_MAX + 80), limits.ANSWER_BYTES_MAX],
  ],
  ["the last second of record time in 64-bit nanoseconds", [limits.RECORD_TIME_SECONDS_MAX * 1e9, 2 ** 63]],
  [
    "what a sink may not know of the first day in a turn of retention",
    [limits.FIRST_DAY_AGE_MS_MAX, limits.RETENTION_EVERY_MS],
  ],
  ["a drain in a container's grace period of 15 s", [limits.DRAIN_MS_MAX, 15_000]],
  [
    "the steps of a stop in the time for it",
    [
      limits.CALLS_DRAIN_SHARE +
        limits.CALLS_ABORT_SHARE +
        limits.CONNECTIONS_CLOSE_SHARE +
        limits.OTHER_PARTS_STOP_SHARE,
      1,
    ],
  ],
  [
    "what every call may send when room is short, and one body, in the room for requests",
    [limits.CALLS_IN_FLIGHT_MAX * limits.RECEIVED_BYTES_FREE + limits.HTTP_BODY_BYTES_MAX, limits.RECEIVED_BYTES_MAX],
  ],
  [
    "a binary message in an HTTP body in a stream of them",
    [limits.GRPC_MESSAGE_BYTES_MAX, limits.HTTP_BODY_BYTES_MAX, limits.JSON_UPLOAD_BYTES_MAX],
  ],
  [
    "a batch in as many values as JSON may have: two dozen attributes and a few fields for each record",
    [limits.RECORDS_PER_BATCH_MAX * 35, limits.JSON_VALUES_MAX],
  ],
  ["what REST waits for, in its own wait", [limits.REPLAY_MS_MAX, limits.REST_ANSWER_MS_MAX]],
  [
    "the signs of life of a stream in what proxies wait for, and that in what a client may take to read",
    [limits.REST_STREAM_OPEN_MS_MAX, limits.SSE_HEARTBEAT_MS, 30_000, limits.STREAM_IDLE_MS_MAX],
  ],
  [
    "what `send` puts into a batch, and one record more, in a batch",
    [
      limits.SEND_BATCH_BYTES + limits.RECORD_BYTES_MAX,
      limits.BATCH_BYTES_MAX / 2 + limits.RECORD_BYTES_MAX,
      limits.BATCH_BYTES_MAX,
    ],
  ],
  [
    "how long `send` holds a line of a program that writes slowly in what it promises",
    [limits.SEND_IDLE_MS, limits.SEND_BATCH_MS_MAX, 200],
  ],
  [
    "a producer in the life of one, the oldest of a position in what a server takes by default",
    [limits.SEND_PRODUCER_MS_MAX, limits.SEND_PRODUCER_LATE_MS_MAX, 27 * 86_400_000],
  ],
  [
    "an error's text, thrice and twice in base64, in 8 KiB",
    [limits.ERROR_MESSAGE_BYTES_MAX * (1 + (2 * 4) / 3), 8_192],
  ],
];

it.each(NESTED)("%s fits", (_name, sizes) => {
  for (let i = 1; i < sizes.length; i++) expect(sizes[i - 1]).toBeLessThan(sizes[i]!);
});
