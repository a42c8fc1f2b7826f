import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TopicsSettings } from "../../services/adapters/kafka/topics.ts";
import { makeTestDatabase, type TestDatabase } from "../../services/adapters/mysql/test-database.ts";
import { parseDropRules } from "../../services/domain/drop-rules.ts";
import type { Clock } from "../../services/ports/clock.ts";
import type { Logger } from "../../services/ports/logger.ts";
import type { RealServers } from "../../tests/real-servers.ts";
import type { CheckResult } from "../checker/check-result.ts";
import { checkRun, type RunPlaces } from "../checker/check-run.ts";
import type { StoreName } from "../checker/stored-copy.ts";
import { waitUntilDrained } from "../checker/wait-until-drained.ts";
import { Ledger } from "../ledger/ledger.ts";
import { DROPPED_STATUS } from "../ledger/record-generator.ts";
import { deleteData } from "../scene/delete-data.ts";
import { freshParts, type ProductParts } from "./fresh-parts.ts";
import { Meeting } from "./meeting.ts";
import type { PlantedBug } from "./planted-bug.ts";

const DRAIN_MS_MAX = 30_000;
const SEED = 20_261_122;
const BASE_MS = Date.UTC(2026, 10, 22, 12);
const PARTITIONS = 2;

/** What a scene uses, and what may happen in it. */
export interface RunNeeds {
  /** The stores that are filled and checked. */
  stores: readonly StoreName[];
  /** Default: 2. */
  partitions?: number;
  /** True where valid records become dead letters in the sound run too. */
  mayDeadLetter?: boolean;
  /** True where the scene fills the table of dead letters. */
  letterTable?: boolean;
  /** True where requests of DROPPED_STATUS are dropped by rule. */
  drops?: boolean;
}

/** The stage of one run of a scene: names of its own on the shared servers, a ledger, and the parts to wire. */
export class PlantedRun {
  /** Whether the bug is there. */
  readonly planted: boolean;
  readonly needs: RunNeeds;
  readonly places: RunPlaces;
  readonly topics: TopicsSettings;
  readonly ledger: Ledger;
  /** What the checker gave as samples and the parts told their log, for people who wonder why a scene went wrong. */
  readonly told: string[] = [];
  readonly logger: Logger;
  /** Added to the clock of every part that is made from now on. */
  clockAheadMs = 0;
  /** Where races meet; nobody waits there until the scene says so. */
  readonly meeting = new Meeting();
  private readonly failures: unknown[] = [];
  private readonly directory: string;
  private readonly database: TestDatabase | undefined;
  private readonly closing: (() => Promise<void>)[] = [];
  private loaded: ProductParts | undefined;

  static async open(bug: PlantedBug, planted: boolean, servers: RealServers): Promise<PlantedRun> {
    const database = bug.needs.stores.includes("mysql") ? await makeTestDatabase(servers.mysqlUrl) : undefined;
    const run = new PlantedRun(bug.needs, planted, servers, database);
    const modules = planted ? bug.modules : bug.soundModules;
    try {
      run.loaded = await freshParts(modules?.(run) ?? []);
      return run;
    } catch (reason) {
      await run.close();
      throw reason;
    }
  }

  private constructor(needs: RunNeeds, planted: boolean, servers: RealServers, database: TestDatabase | undefined) {
    const unique = `planted-${randomBytes(5).toString("hex")}`;
    this.needs = needs;
    this.planted = planted;
    this.database = database;
    this.places = {
      ...servers,
      mysqlUrl: database?.settings.url ?? servers.mysqlUrl,
      topicPrefix: unique,
      indexPrefix: unique,
    };
    this.topics = topicsOf(this.places, needs.partitions ?? PARTITIONS);
    this.directory = mkdtempSync(join(tmpdir(), "logpulse-planted-"));
    this.ledger = new Ledger(join(this.directory, "ledger.jsonl"), { name: "planted", seed: SEED, baseMs: BASE_MS });
    const tell = (facts: object, message: string) => this.told.push(`${message} ${JSON.stringify(facts, textOfError)}`);
    this.logger = { debug: () => {}, info: () => {}, warn: tell, error: tell };
  }

  /** LogPulse, with the bug or without it. */
  get parts(): ProductParts {
    if (!this.loaded) throw new Error("the parts are not imported yet");
    return this.loaded;
  }

  /** As a worker reads them from its settings. */
  get dropRules() {
    return this.needs.drops ? parseDropRules(`status=${DROPPED_STATUS}`) : [];
  }

  /** The part as it is, or with the bug in front of it. */
  orPlanted<Part>(sound: Part, plant: (sound: Part) => Part): Part {
    return this.planted ? plant(sound) : sound;
  }

  /** The machine's clock, ahead by what the scene says now. */
  clock(): Clock {
    const aheadMs = this.clockAheadMs;
    return {
      nowMs: () => Date.now() + aheadMs,
      monotonicMs: () => performance.now(),
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    };
  }

  /** Called at the end, the last ones first. */
  atTheEnd(close: () => Promise<void>): void {
    this.closing.unshift(close);
  }

  /** Resolves when the groups of all stores (and of the table of dead letters) have passed everything in their topics. */
  async drained(): Promise<void> {
    const { stores, letterTable } = this.needs;
    try {
      await waitUntilDrained(this.places, { stores, letterTable, msMax: DRAIN_MS_MAX });
    } catch (reason) {
      throw this.failures[0] ?? reason;
    }
  }

  /** A part of the scene that is acted out within LogPulse: where it fails, the run has failed, whoever tries again. */
  async acting<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (reason) {
      this.failures.push(reason);
      throw reason;
    }
  }

  /** The checker's word. @throws the first failure of the scene, if there was one. */
  async check(): Promise<CheckResult> {
    if (this.failures.length > 0) throw this.failures[0];
    const { stores, mayDeadLetter, letterTable, drops } = this.needs;
    const result = await checkRun({
      ledgerFile: this.ledger.file,
      places: this.places,
      stores,
      mayDeadLetter,
      letterTable,
      isDropped: ({ http }) => drops === true && http?.status === DROPPED_STATUS,
    });
    this.told.unshift(...result.samples);
    return result;
  }

  /** Ends what runs and takes everything away, whatever has failed. */
  async close(): Promise<void> {
    const left: unknown[] = [];
    for (const close of this.closing.splice(0)) await close().catch((reason: unknown) => left.push(reason));
    this.ledger.close();
    rmSync(this.directory, { recursive: true, force: true });
    await Promise.all([this.database?.drop(), deleteData(this.places)]);
    if (left.length > 0) throw new AggregateError(left, "parts of a run did not end in order");
  }
}

function topicsOf({ kafkaBrokers, topicPrefix }: RunPlaces, partitions: number): TopicsSettings {
  return {
    brokers: kafkaBrokers,
    clientId: topicPrefix,
    batches: { name: `${topicPrefix}-batches`, partitions },
    deadLetters: { name: `${topicPrefix}-dead-letters`, partitions: 1 },
    batchesRetentionMs: 86_400_000,
    deadLettersRetentionMs: 86_400_000,
    replicationFactor: 1,
    minInsyncReplicas: 1,
  };
}

function textOfError(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : typeof value === "bigint" ? String(value) : value;
}
