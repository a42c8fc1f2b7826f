/** The parts of the embedded mode that a planted run is wired from, so that all of them can be imported anew. */

export { NoLimiter } from "../../../services/adapters/memory/no-limiter.ts";
export { SqliteDeadLetters } from "../../../services/adapters/sqlite/dead-letters.ts";
export { SqliteEventLog } from "../../../services/adapters/sqlite/event-log.ts";
export { SqliteEventLogReader } from "../../../services/adapters/sqlite/event-log-reader.ts";
export { SqliteLogSink } from "../../../services/adapters/sqlite/log-sink.ts";
export { openStoreFile } from "../../../services/adapters/sqlite/store-file.ts";
export { StorePositions } from "../../../services/adapters/sqlite/store-positions.ts";
export { StoreTables } from "../../../services/adapters/sqlite/store-tables.ts";
export { LogPulseError } from "../../../services/domain/errors.ts";
export { readLoggedBatch } from "../../../services/domain/logged-batch.ts";
export { rollUp } from "../../../services/domain/rollup.ts";
export { BatchAcceptor } from "../../../services/ingest/accept-batch.ts";
export { IngestCounts } from "../../../services/ingest/ingest-counts.ts";
export { WorkerLoop } from "../../../services/worker/worker-loop.ts";
