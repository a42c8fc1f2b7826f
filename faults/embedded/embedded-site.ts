import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../stack/free-port.ts";
import type { CheckResult } from "../checker/check-result.ts";
import { checkEmbedded } from "../checker/sqlite/check-embedded.ts";
import { waitUntilSettled } from "../checker/sqlite/log-lag.ts";
import { Ledger } from "../ledger/ledger.ts";
import { DROPPED_STATUS } from "../ledger/record-generator.ts";
import { Load, type LoadSettings } from "../load/load.ts";
import { EmbeddedProcess } from "./embedded-process.ts";

const READY_MS_MAX = 60_000;
const SETTLED_MS_MAX = 120_000;

/** What a site is made of. */
export interface SiteSettings {
  /** Of the run, in the ledger. */
  name: string;
  /** From 0 to 2^32-1. */
  seed: number;
  /** LOGPULSE_DATA. Default: a new folder, which is deleted with the site. */
  folder?: string;
  /** Further variables of the process. */
  settings?: Record<string, string>;
}

/** A folder of the embedded mode, the process on it, and, outside of both, the ledger of what was sent to it. */
export class EmbeddedSite {
  readonly folder: string;
  readonly process: EmbeddedProcess;
  readonly ledger: Ledger;
  /** All variables of the process beside folder and address. */
  readonly settings: Record<string, string>;
  private readonly directory: string;
  private stages = 0;

  /** Nothing runs yet. Requests of one status are dropped by rule. */
  static async open({ name, seed, folder, settings }: SiteSettings): Promise<EmbeddedSite> {
    const directory = mkdtempSync(join(tmpdir(), `logpulse-${name}-`));
    const data = folder ?? join(directory, "data");
    mkdirSync(data, { recursive: true });
    const all = { LOGPULSE_DROP_RULES: `status=${DROPPED_STATUS}`, ...settings };
    const process = new EmbeddedProcess({
      ...{ folder: data, port: await freePort(), logFile: join(directory, "process.log"), settings: all },
    });
    const ledger = new Ledger(join(directory, "ledger.jsonl"), { name, seed, baseMs: Date.now() });
    return new EmbeddedSite(directory, process, ledger, all);
  }

  private constructor(directory: string, process: EmbeddedProcess, ledger: Ledger, settings: Record<string, string>) {
    this.directory = directory;
    this.process = process;
    this.folder = process.folder;
    this.ledger = ledger;
    this.settings = settings;
  }

  /** Starts the process; resolves with the milliseconds until it was ready. @throws Error with what it said, where it ends. */
  async start(): Promise<number> {
    const beganMs = performance.now();
    await this.process.spawn();
    if (await this.process.untilReady(READY_MS_MAX)) return performance.now() - beganMs;
    throw new Error(`the process ended before it was ready; it has said:\n${this.process.lastWords}`);
  }

  /** A load of its own producers and records, to be run. */
  load(settings: Omit<LoadSettings, "address" | "stage">): Load {
    return new Load({ address: this.process.address, stage: this.stages++, ...settings }, this.ledger);
  }

  /** Resolves when the store has settled all that is in the log. */
  settled(): Promise<void> {
    return waitUntilSettled(this.folder, SETTLED_MS_MAX);
  }

  /** The checker's word. The load is over, and everything settled. `folder`: instead of the process's own. */
  check(folder = this.folder): Promise<CheckResult> {
    return checkEmbedded({
      ...{ ledgerFile: this.ledger.file, folder },
      isDropped: ({ http }) => http?.status === DROPPED_STATUS,
    });
  }

  /** Another empty folder, which is deleted with the site. */
  anotherFolder(name: string): string {
    const folder = join(this.directory, name);
    mkdirSync(folder);
    return folder;
  }

  /** Ends the process and deletes everything; `keep`: leaves the files, for people who wonder. @returns where they are. */
  async close({ keep = false } = {}): Promise<string> {
    await this.process.remove();
    this.ledger.close();
    if (!keep) rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
    return this.directory;
  }
}
