import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { portIsFree } from "./free-port.ts";
import { logEnd, sizeOf } from "./log-end.ts";
import { endGroup, identify, type ProcessIdentity, signalGroup } from "./processes.ts";
import { asUnprivileged, endsWithParent } from "./unprivileged.ts";
import { waitUntil } from "./wait.ts";

/** What every server's start function takes; each adds its own. */
export interface StartOptions {
  /** Holds data, settings and log of this server alone; made when missing, and its data is used again. Default: a new one. */
  directory?: string;
  /** On 127.0.0.1. Default: a free one. */
  port?: number;
  /** Default: the server ends when this process ends, however that ends (on Linux even by SIGKILL). Given: it goes on. */
  outlivesUs?: Keeper;
}

/** Whoever lets a server go on must be able to end it later. */
export interface Keeper {
  /** Called as soon as the process exists, long before it is healthy, and again at each restart. */
  remember(name: string, identity: ProcessIdentity): void;
}

/** A real server that answers on 127.0.0.1. All waits are bounded; a second stop or kill does nothing. */
export interface RunningServer {
  readonly name: string;
  /** Of the process now running, or of the last one. Also the number of its process group. */
  readonly pid: number;
  readonly identity: ProcessIdentity;
  readonly port: number;
  /** `127.0.0.1:<port>`. */
  readonly address: string;
  readonly directory: string;
  /** What it writes to its standard output and error, all starts one after the other. */
  readonly logFile: string;
  /** False also when it ended by itself; true while paused. */
  alive(): boolean;
  /** SIGTERM, after 20 s SIGKILL. Data stays. */
  stop(): Promise<void>;
  /** SIGKILL to it and all of its children: what a crash looks like to others. Resolves when none of them runs. */
  kill(): Promise<void>;
  /** SIGSTOP: it keeps its connections and answers nothing, until `resume`. What a hang looks like. */
  pause(): void;
  resume(): void;
  /** Starts it again on the same data and the same port, stopping it first when it runs; resolves when it is healthy. */
  restart(): Promise<void>;
  /** `stop`, then deletes `directory` with all data. What tests call at their end. */
  remove(): Promise<void>;
}

/** What to run, and how to see that it serves. */
export interface ServerProgram {
  name: string;
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
  port: number;
  directory: string;
  outlivesUs: Keeper | undefined;
  /** Its program refuses to run as root. */
  refusesRoot?: boolean;
  /** It takes the port over from a running process of its own kind: that it is taken is no reason not to start. */
  takesPortOver?: boolean;
  /** True once it serves; false or an error: not yet. Must answer within seconds. */
  healthy(): Promise<boolean>;
  startMsMax: number;
}

const STOP_MS_MAX = 20_000;

/** The folder of a server: as told, or a new one below the system's folder for temporary files. */
export function serverDirectory(name: string, directory: string | undefined): string {
  if (directory === undefined) return mkdtempSync(join(tmpdir(), `logpulse-${name}-`));
  mkdirSync(directory, { recursive: true });
  return directory;
}

/**
 * Starts a server in a process group of its own and waits until it is healthy.
 *
 * @throws Error with the end of the server's log: it ended, or was not healthy within `startMsMax`; nothing is left running.
 * @throws Error when the port is taken: whoever answers there would pass for the server.
 */
export async function startServer(program: ServerProgram): Promise<RunningServer> {
  const server = new ServerProcess(program);
  await server.start();
  return server;
}

class ServerProcess implements RunningServer {
  readonly name: string;
  readonly port: number;
  readonly address: string;
  readonly directory: string;
  readonly logFile: string;
  readonly #program: ServerProgram;
  #child: ChildProcess | undefined;
  #identity: ProcessIdentity | undefined;

  constructor(program: ServerProgram) {
    this.#program = program;
    this.name = program.name;
    this.port = program.port;
    this.address = `127.0.0.1:${program.port}`;
    this.directory = program.directory;
    this.logFile = join(program.directory, `${program.name}.log`);
  }

  get pid(): number {
    return this.identity.pid;
  }

  get identity(): ProcessIdentity {
    if (this.#identity === undefined) throw new Error(`${this.name} was never started`);
    return this.#identity;
  }

  alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async start(): Promise<void> {
    if (!this.#program.takesPortOver && !(await waitUntil(() => portIsFree(this.port), PORT_MS_MAX))) {
      throw new Error(`${this.name} cannot start: something else listens on ${this.address}`);
    }
    const logStart = sizeOf(this.logFile);
    const child = await this.#spawn();
    const healthy = await waitUntil(
      async () => !this.alive() || (await this.#program.healthy()),
      this.#program.startMsMax,
    );
    if (healthy && this.alive()) return;
    const ended = this.alive() ? undefined : `ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`;
    await this.kill();
    const what = ended ?? `was not healthy within ${this.#program.startMsMax / 1000} s`;
    throw new Error(`${this.name} ${what}; the end of ${this.logFile}:\n${logEnd(this.logFile, logStart)}`);
  }

  async stop(): Promise<void> {
    await this.#end(STOP_MS_MAX);
  }

  async kill(): Promise<void> {
    await this.#end(0);
  }

  pause(): void {
    signalGroup(this.pid, "SIGSTOP");
  }

  resume(): void {
    signalGroup(this.pid, "SIGCONT");
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Resolves when the program has been started, not when it serves. */
  async #spawn(): Promise<ChildProcess> {
    const { env, outlivesUs, directory } = this.#program;
    const [program, ...rest] = commandOf(this.#program);
    mkdirSync(dirname(this.logFile), { recursive: true });
    const log = openSync(this.logFile, "a");
    try {
      const child = spawn(program!, rest, {
        cwd: directory,
        env: { ...process.env, ...env },
        stdio: ["ignore", log, log],
        detached: true, // A process group of its own, so that `kill` reaches its children and Ctrl-C does not reach it.
      });
      await new Promise<void>((resolve, reject) => {
        child.once("spawn", resolve);
        child.once("error", (cause) => reject(new Error(`${this.name}: cannot run ${program}`, { cause })));
      });
      child.unref(); // A test that forgot to stop it can still end; so can `npm run stack`.
      this.#child = child;
      this.#identity = identify(child.pid!) ?? { pid: child.pid!, startedAt: "ended at once" };
      if (outlivesUs) outlivesUs.remember(this.name, this.#identity);
      else endOnExit(this);
      return child;
    } finally {
      closeSync(log);
    }
  }

  async #end(graceMs: number): Promise<void> {
    if (this.#child === undefined) return;
    await endGroup(this.pid, graceMs);
    // The operating system is done; Node's own event comes a turn later, and `alive` reads what it leaves.
    await waitUntil(() => !this.alive(), STOP_MS_MAX);
    this.#child = undefined;
    running.delete(this);
  }
}

/** Becoming another user forgets the wish to end with the parent, so that is said afterwards, by the inner command. */
function commandOf({ command, args, outlivesUs, refusesRoot, directory }: ServerProgram): string[] {
  const bound = outlivesUs ? [command, ...args] : endsWithParent([command, ...args]);
  return refusesRoot ? asUnprivileged(bound, [directory]) : bound;
}

/** A port may stay taken for a moment after a kill, until the system has closed the last connection. */
const PORT_MS_MAX = 2_000;

const running = new Set<ServerProcess>();
let listening = false;

/** For systems without a signal of the parent's death (macOS); on Linux the kernel does it too, however we end. */
function endOnExit(server: ServerProcess): void {
  running.add(server);
  if (listening) return;
  listening = true;
  process.on("exit", () => {
    for (const left of running) signalGroup(left.pid, "SIGKILL");
  });
}
