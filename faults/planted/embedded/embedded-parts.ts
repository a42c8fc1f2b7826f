/** The parts of the embedded mode that a planted run is wired from, so that all of them can be imported anew. */

export { NoLimiter } from "../../../services/adapters/memory/no-limiter.ts";
export { SqliteEventLog } from "../../../services/adapters/sqlite/log/event-log.ts";
export { SqliteEventLogReader } from "../../../services/adapters/sqlite/log/event-log-reader.ts";
export { SqliteDeadLetters } from "../../../services/adapters/sqlite/store/dead-letters.ts";
export { SqliteLogSink } from "../../../services/adapters/sqlite/store/log-sink.ts";
export { openStoreFile } from "../../../services/adapters/sqlite/store/store-file.ts";
export { StorePositions } from "../../../services/adapters/sqlite/store/store-positions.ts";
export { StoreTables } from "../../../services/adapters/sqlite/store/store-tables.ts";
export { LogPulseError } from "../../../services/domain/errors.ts";
export { readLoggedBatch } from "../../../services/domain/logged-batch.ts";
export { rollUp } from "../../../services/domain/rollup.ts";
export { BatchAcceptor } from "../../../services/ingest/accept-batch.ts";
export { IngestCounts } from "../../../services/ingest/ingest-counts.ts";
export { WorkerLoop } from "../../../services/worker/worker-loop.ts";
