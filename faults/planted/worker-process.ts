import type { DeadLetterTable } from "../../services/ports/dead-letter-table.ts";
import type { DeadLetters } from "../../services/ports/dead-letters.ts";
import type { EventLogReader } from "../../services/ports/event-log.ts";
import type { LogSink } from "../../services/ports/log-sink.ts";
import type { StoreName } from "../checker/stored-copy.ts";
import type { PlantedRun } from "./planted-run.ts";

const START_MS_MAX = 40_000;
const half = () => 0.5; // For jitter: waits between tries are always the same.

/** What to put in front of the ports of a worker. Default: nothing. */
export interface Fronts {
  reader?: (sound: EventLogReader) => EventLogReader;
  sink?: (sound: LogSink) => LogSink;
  deadLetters?: (sound: DeadLetters) => DeadLetters;
  table?: (sound: DeadLetterTable) => DeadLetterTable;
  /** Of a proxy. Default: the server's own. */
  elasticsearchUrl?: string;
}

/** A worker that runs within the test. */
export interface Worker {
  /** Leaves the group and frees everything; what is settled is committed, nothing else. May be called again. */
  stop(): Promise<void>;
}

/** The worker of one store, wired as in services/wiring; resolves when its group has let it in. */
export async function startWorker(run: PlantedRun, store: StoreName, fronts: Fronts = {}): Promise<Worker> {
  const { parts, topics, dropRules } = run;
  const { deadLetters: letters, batches } = topics;
  const sink = sinkOf(run, store, fronts.elasticsearchUrl);
  const deadLetters = new parts.KafkaDeadLetters({ ...topics, topic: letters.name, partitions: letters.partitions });
  const reader = readerOf(run, batches);
  const loop = new parts.WorkerLoop({
    reader: fronts.reader?.(reader) ?? reader,
    group: `${run.places.topicPrefix}-${store}`,
    sink: fronts.sink?.(sink) ?? sink,
    deadLetters: fronts.deadLetters?.(deadLetters) ?? deadLetters,
    dropRules,
    ...retryOf(run),
  });
  return started(run, loop, async () => {
    await sink.close();
    await deadLetters.close();
  });
}

/** The loop that fills the table of dead letters. */
export async function startLetterTable(run: PlantedRun, fronts: Fronts = {}): Promise<Worker> {
  const { parts, topics, places } = run;
  const connections = new parts.MysqlConnections(mysqlSettings(run));
  const table = new parts.MysqlDeadLetterTable(connections, run.clock());
  const loop = new parts.DeadLetterLoop({
    reader: readerOf(run, { ...topics.deadLetters, compacted: true }),
    group: `${places.topicPrefix}-dead-letter-table`,
    table: fronts.table?.(table) ?? table,
    ...retryOf(run),
  });
  return started(run, loop, () => connections.close());
}

/** A store of its own, with connections of its own; to be closed by the caller. */
export function sinkOf(run: PlantedRun, store: StoreName, elasticsearchUrl = run.places.elasticsearchUrl): LogSink {
  if (store === "mysql") return new run.parts.MysqlLogSink(mysqlSettings(run));
  const { indexPrefix } = run.places;
  const settings = { url: elasticsearchUrl, indexPrefix, replicas: 0, clock: run.clock(), random: half };
  return new run.parts.ElasticsearchLogSink(settings);
}

/** For a pool of connections of its own. */
export function mysqlSettings(run: PlantedRun) {
  return { url: run.places.mysqlUrl, connectionsMax: 4, clock: run.clock(), random: half };
}

function retryOf(run: PlantedRun) {
  return { clock: run.clock(), random: half, logger: run.logger };
}

function readerOf(run: PlantedRun, topic: { name: string; partitions: number; compacted?: boolean }): EventLogReader {
  const { name, partitions, compacted } = topic;
  const onLost = (group: string, partition: number, messages: bigint | undefined) =>
    run.told.push(`${group} lost ${messages} messages of partition ${partition}`);
  return new run.parts.KafkaEventLogReader({ ...run.topics, topic: name, partitions, compacted, onLost }, run.logger);
}

async function started(
  run: PlantedRun,
  loop: { start(signal: AbortSignal): Promise<void>; stop(): Promise<void> },
  close: () => Promise<void>,
): Promise<Worker> {
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= loop.stop().then(close);
    return stopping;
  };
  run.atTheEnd(stop);
  await loop.start(AbortSignal.timeout(START_MS_MAX));
  return { stop };
}
