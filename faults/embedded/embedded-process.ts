import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { logEnd, sizeOf } from "../../stack/log-end.ts";
import { endsWithParent } from "../../stack/unprivileged.ts";

const MAIN = join(import.meta.dirname, "..", "..", "services", "main.ts");
const ASK_EVERY_MS = 10;
const ANSWER_MS_MAX = 2_000;
const END_MS_MAX = 20_000;

/** How a process ended. */
export interface ProcessEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** Where the one process of the embedded mode runs, and on what. */
export interface EmbeddedProcessSettings {
  /** LOGPULSE_DATA. */
  folder: string;
  /** On 127.0.0.1. */
  port: number;
  /** Everything that it says, all starts one after the other. */
  logFile: string;
  /** Further variables. */
  settings?: Record<string, string>;
}

/**
 * The one process of the embedded mode, for those who end it at moments at which nobody may: also before it is ready. It
 * ends with this process, however that ends.
 */
export class EmbeddedProcess {
  readonly name = "embedded";
  readonly port: number;
  readonly folder: string;
  private readonly parts: EmbeddedProcessSettings;
  private child: ChildProcess | undefined;
  private logStart = 0;

  constructor(parts: EmbeddedProcessSettings) {
    this.parts = parts;
    this.port = parts.port;
    this.folder = parts.folder;
  }

  /** Of the process now running, or of the last one; 0 before the first. */
  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** `127.0.0.1:<port>`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** What it has said since its last start, the last lines of it. */
  get lastWords(): string {
    return logEnd(this.parts.logFile, this.logStart);
  }

  /** Starts it; resolves when it runs, long before it is ready. */
  async spawn(): Promise<void> {
    if (this.isAlive) throw new Error("the process runs already");
    const { folder, logFile, settings } = this.parts;
    this.logStart = sizeOf(logFile);
    const [command, ...args] = endsWithParent([process.execPath, MAIN]);
    const log = openSync(logFile, "a");
    try {
      this.child = spawn(command!, args, {
        env: {
          ...process.env,
          ...{ LOGPULSE_MODE: "embedded", LOGPULSE_DATA: folder, LOGPULSE_LISTEN: this.address },
          ...settings,
        },
        stdio: ["ignore", log, log],
      });
      await once(this.child, "spawn");
    } finally {
      closeSync(log);
    }
  }

  /** Resolves with true as soon as /readyz says 200; with false where the process ends or is killed before. */
  async untilReady(msMax: number): Promise<boolean> {
    for (const endMs = performance.now() + msMax; this.isAlive; await sleep(ASK_EVERY_MS)) {
      if (await this.isReady()) return true;
      if (performance.now() > endMs) throw new Error(`not ready within ${msMax} ms; it has said:\n${this.lastWords}`);
    }
    return false;
  }

  /**
   * SIGKILL; resolves when it has ended.
   *
   * @throws Error where it had ended by itself.
   */
  async kill(): Promise<void> {
    if (!this.isAlive)
      throw new Error(`the process ended by itself (${this.endText()}); it has said:\n${this.lastWords}`);
    this.child!.kill("SIGKILL");
    await this.untilEnded(END_MS_MAX);
  }

  /** SIGTERM, as an operating system ends it. @throws Error where it does not end within 20 s. */
  async stop(): Promise<ProcessEnd> {
    this.child?.kill("SIGTERM");
    return this.untilEnded(END_MS_MAX);
  }

  /** @throws Error where it goes on. */
  async untilEnded(msMax: number): Promise<ProcessEnd> {
    const child = this.child!;
    if (this.isAlive) {
      const ended = once(child, "exit", { signal: AbortSignal.timeout(msMax) });
      await ended.catch((cause: unknown) => {
        throw new Error(`the process still runs after ${msMax} ms; it has said:\n${this.lastWords}`, { cause });
      });
    }
    return { code: child.exitCode, signal: child.signalCode };
  }

  /** Ends it, if it runs, at the end of everything. */
  async remove(): Promise<void> {
    if (this.isAlive) await this.kill();
  }

  private endText(): string {
    return `exit code ${this.child?.exitCode}, signal ${this.child?.signalCode}`;
  }

  private async isReady(): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      const answer = await fetch(`http://${this.address}/readyz`, { signal });
      await answer.arrayBuffer();
      return answer.ok;
    } catch {
      return false; // Nobody listens yet, or nobody does any more.
    }
  }
}
