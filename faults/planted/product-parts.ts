/** The parts of LogPulse that a planted run is wired from, in one place, so that all of them can be imported anew. */
export { ElasticsearchLogSink } from "../../services/adapters/elasticsearch/log-sink.ts";
export { KafkaDeadLetters } from "../../services/adapters/kafka/dead-letters.ts";
export { KafkaEventLog } from "../../services/adapters/kafka/event-log.ts";
export { KafkaEventLogReader } from "../../services/adapters/kafka/event-log-reader.ts";
export { prepareTopics } from "../../services/adapters/kafka/topics.ts";
export { NoLimiter } from "../../services/adapters/memory/no-limiter.ts";
export { MysqlConnections } from "../../services/adapters/mysql/connections.ts";
export { MysqlDeadLetterReplay } from "../../services/adapters/mysql/dead-letter-replay.ts";
export { MysqlDeadLetterTable } from "../../services/adapters/mysql/dead-letter-table.ts";
export { MysqlLogSink } from "../../services/adapters/mysql/log-sink.ts";
export { LogPulseError } from "../../services/domain/errors.ts";
export { BatchAcceptor } from "../../services/ingest/accept-batch.ts";
export { IngestCounts } from "../../services/ingest/ingest-counts.ts";
export { DeadLetterLoop } from "../../services/worker/dead-letter-loop.ts";
export { WorkerLoop } from "../../services/worker/worker-loop.ts";
