import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { identitiesInStore } from "../installations/embedded.ts";
import { ledgerOf } from "../measure/identities.ts";

const MAIN = join(import.meta.dirname, "..", "..", "services", "main.ts");
const TICKS_PER_SECOND = 100; // CLK_TCK of Linux on every architecture that Node runs on.
const READY_MS_MAX = 30_000;

const STORE_THREADS = /^logpulse-(store|read)/; // As the program names them.

/** CPU seconds of a process: all of them, and those of its threads that store and read. */
export interface CpuSeconds {
  all: number;
  storing: number;
}

/** The embedded mode as a process of its own, looked at from outside. Linux. */
export class ServerUnderTest {
  readonly address: string;
  readonly folder: string;
  private readonly child: ChildProcess;
  private readonly store: DatabaseSync;

  private constructor(address: string, folder: string, child: ChildProcess) {
    this.address = address;
    this.folder = folder;
    this.child = child;
    this.store = new DatabaseSync(join(folder, "store.db"), { readOnly: true, timeout: 5_000 });
  }

  static async start(folder: string, port: number): Promise<ServerUnderTest> {
    const address = `127.0.0.1:${port}`;
    const env = { PATH: process.env.PATH, LOGPULSE_LISTEN: address, LOGPULSE_DATA: folder, LOGPULSE_LOG_LEVEL: "warn" };
    const child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "inherit", "ignore"] });
    const endMs = performance.now() + READY_MS_MAX;
    while (!(await isReady(address))) {
      if (child.exitCode !== null || performance.now() > endMs) {
        child.kill("SIGKILL");
        throw new Error("the server does not get ready");
      }
      await sleep(20);
    }
    return new ServerUnderTest(address, folder, child);
  }

  /** Records in its store now. */
  storedCount(): number {
    const days = this.store.prepare("SELECT day FROM record_days").all();
    const ofDay = (day: unknown) => this.store.prepare(`SELECT max(id) AS id FROM records_${Number(day)}`).get();
    return days.reduce((sum, { day }) => sum + Number(ofDay(day)?.id ?? 0), 0); // Ids count up from 1.
  }

  /** @throws Error where there are not so many identities in its store, each once. */
  requireIdentities(count: number): void {
    const { keptOnly, repeated } = ledgerOf({}, identitiesInStore(this.store));
    if (keptOnly !== count || repeated > 0) throw new Error(`${keptOnly} of ${count} are stored, ${repeated} again`);
  }

  /** User and system seconds so far: of the whole process, and of the threads that store and answer questions. */
  cpuSeconds(): CpuSeconds {
    const threads = `/proc/${this.child.pid}/task`;
    const storing = readdirSync(threads).filter((thread) =>
      STORE_THREADS.test(readFileSync(`${threads}/${thread}/comm`, "utf8")),
    );
    const sum = storing.reduce((seconds, thread) => seconds + secondsOf(`${threads}/${thread}/stat`), 0);
    return { all: secondsOf(`/proc/${this.child.pid}/stat`), storing: sum };
  }

  /** The most memory that it has ever held, in MiB. */
  memoryPeakMiB(): number {
    const [, kiB] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.child.pid}/status`, "utf8"))!;
    return Number(kiB) / 1_024;
  }

  /** Bytes of the store's files and of the log's. */
  bytes(): { store: number; log: number } {
    const sum = (prefix: string) =>
      readdirSync(this.folder)
        .filter((name) => name.startsWith(prefix))
        .reduce((bytes, name) => bytes + statSync(join(this.folder, name)).size, 0);
    return { store: sum("store.db"), log: sum("log.db") };
  }

  /** Ends in order. */
  async stop(): Promise<void> {
    this.store.close();
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await ended;
  }
}

/** proc(5): utime and stime are the fields 14 and 15, counted from the process's id; its name may have blanks. */
function secondsOf(statFile: string): number {
  const fields = readFileSync(statFile, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

async function isReady(address: string): Promise<boolean> {
  try {
    const answer = await fetch(`http://${address}/readyz`, { signal: AbortSignal.timeout(1_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
