import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { SqliteEventLog } from "../../../services/adapters/sqlite/log/event-log.ts";
import type { StoreTables } from "../../../services/adapters/sqlite/store/store-tables.ts";
import { parseDropRules } from "../../../services/domain/drop-rules.ts";
import type { Clock } from "../../../services/ports/clock.ts";
import type { DeadLetters } from "../../../services/ports/dead-letters.ts";
import type { EventLog, EventLogReader } from "../../../services/ports/event-log.ts";
import type { LogSink } from "../../../services/ports/log-sink.ts";
import type { Logger } from "../../../services/ports/logger.ts";
import type { CheckResult } from "../../checker/check-result.ts";
import { checkEmbedded } from "../../checker/sqlite/check-embedded.ts";
import { waitUntilSettled } from "../../checker/sqlite/log-lag.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { DROPPED_STATUS } from "../../ledger/record-generator.ts";
import { type ChangedModule, freshParts } from "../fresh-parts.ts";
import { IngestDoor } from "../ingest-door.ts";
import type { Worker } from "../worker-process.ts";

type EmbeddedParts = typeof import("./embedded-parts.ts");

const SEED = 20_261_122;
const BASE_MS = Date.UTC(2026, 10, 22, 12);
const SETTLED_MS_MAX = 20_000;
const START_MS_MAX = 20_000;
const half = () => 0.5; // For jitter: waits between tries are always the same.

/** What to put in front of the ports of the worker. Default: nothing. */
export interface EmbeddedFronts {
  reader?: (sound: EventLogReader) => EventLogReader;
  sink?: (sound: LogSink, tables: StoreTables) => LogSink;
  deadLetters?: (sound: DeadLetters) => DeadLetters;
}

/** The stage of one run of a scene: a folder, a ledger, and the embedded mode's parts, wired within the test. */
export class EmbeddedPlantedRun {
  /** Whether the bug is there. */
  readonly planted: boolean;
  readonly parts: EmbeddedParts;
  readonly folder: string;
  readonly ledger: Ledger;
  /** What the checker gave as samples and the parts told their log, for people who wonder why a scene went wrong. */
  readonly told: string[] = [];
  private readonly directory: string;
  private readonly closing: (() => Promise<void>)[] = [];
  private log: SqliteEventLog | undefined;

  /** `modules`: those that are changed. */
  static async open(planted: boolean, modules: readonly ChangedModule[] = []): Promise<EmbeddedPlantedRun> {
    return new EmbeddedPlantedRun(planted, await freshParts(modules, () => import("./embedded-parts.ts")));
  }

  private constructor(planted: boolean, parts: EmbeddedParts) {
    this.planted = planted;
    this.parts = parts;
    this.directory = mkdtempSync(join(tmpdir(), "logpulse-planted-"));
    this.folder = join(this.directory, "data");
    mkdirSync(this.folder);
    this.ledger = new Ledger(join(this.directory, "ledger.jsonl"), { name: "planted", seed: SEED, baseMs: BASE_MS });
  }

  clock(): Clock {
    const monotonicMs = () => performance.now();
    return { nowMs: () => Date.now(), monotonicMs, sleep: (ms, signal) => sleep(ms, undefined, { signal }) };
  }

  /** The part as it is, or with the bug in front of it. */
  orPlanted<Part>(sound: Part, plant: (sound: Part) => Part): Part {
    return this.planted ? plant(sound) : sound;
  }

  /** Opens the log, and ingest before it. `front`: what to put in front of the log. */
  async openDoor(front: (sound: EventLog) => EventLog = (sound) => sound): Promise<IngestDoor> {
    const log = await this.parts.SqliteEventLog.open({
      ...{ path: join(this.folder, "log.db"), partitions: 1 },
      onFault: (reason) => void this.told.push(String(reason)),
      onTrouble: (message) => void this.told.push(message),
    });
    this.log = log;
    this.closing.unshift(() => log.close());
    return new IngestDoor(this, front(log));
  }

  /** Starts what stores; the door is open. Resolves when it reads the log. */
  async startWorker(fronts: EmbeddedFronts = {}): Promise<Worker> {
    const { parts, folder } = this;
    const clock = this.clock();
    const { database } = parts.openStoreFile({ path: join(folder, "store.db"), rebuildable: true, nowMs: Date.now() });
    const tables = new parts.StoreTables(database);
    const sink = new parts.SqliteLogSink(tables, clock);
    const deadLetters = new parts.SqliteDeadLetters(tables, clock);
    const reader = this.reader(tables);
    const loop = new parts.WorkerLoop({
      reader: fronts.reader?.(reader) ?? reader,
      group: "sqlite",
      sink: fronts.sink?.(sink, tables) ?? sink,
      deadLetters: fronts.deadLetters?.(deadLetters) ?? deadLetters,
      dropRules: parseDropRules(`status=${DROPPED_STATUS}`),
      decode: parts.readLoggedBatch,
      ...{ clock, random: half, logger: this.logger() },
    });
    return this.started(loop, reader, database);
  }

  /** Resolves when the store has settled all that is in the log. */
  settled(): Promise<void> {
    return waitUntilSettled(this.folder, SETTLED_MS_MAX);
  }

  /** The checker's word. `folder`: of a copy. */
  async check(folder = this.folder): Promise<CheckResult> {
    const result = await checkEmbedded({
      ...{ ledgerFile: this.ledger.file, folder },
      isDropped: ({ http }) => http?.status === DROPPED_STATUS,
    });
    this.told.unshift(...result.samples);
    return result;
  }

  /** Ends what runs, in order; the files stay. May be called again. */
  async stop(): Promise<void> {
    for (const close of this.closing.splice(0)) await close();
  }

  /** Ends what runs and takes everything away. */
  async close(): Promise<void> {
    try {
      await this.stop();
    } finally {
      this.ledger.close();
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  private reader(tables: StoreTables) {
    return new this.parts.SqliteEventLogReader({
      path: join(this.folder, "log.db"),
      signals: this.log!.signals,
      positions: new this.parts.StorePositions(tables),
      clock: this.clock(),
      logger: this.logger(),
      onLost: (partition, messages) => void this.told.push(`lost ${messages} messages of partition ${partition}`),
      onFault: (reason) => void this.told.push(String(reason)),
    });
  }

  private logger(): Logger {
    const tell = (facts: object, message: string) => void this.told.push(`${message} ${JSON.stringify(facts)}`);
    return { debug: () => {}, info: () => {}, warn: tell, error: tell };
  }

  private async started(
    loop: { start(signal: AbortSignal): Promise<void>; stop(): Promise<void> },
    reader: { close(): void },
    database: DatabaseSync,
  ): Promise<Worker> {
    let stopping: Promise<void> | undefined;
    const end = async () => {
      await loop.stop();
      reader.close();
      database.close();
    };
    const stop = () => {
      stopping ??= end();
      return stopping;
    };
    this.closing.unshift(stop);
    await loop.start(AbortSignal.timeout(START_MS_MAX));
    return { stop };
  }
}
