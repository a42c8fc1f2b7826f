import { freePort } from "../../stack/free-port.ts";
import { type Role, startRole } from "../../stack/roles.ts";
import type { RunningServer } from "../../stack/server-process.ts";
import { type FullMode, startFullMode } from "../../tests/full-mode.ts";
import type { RealServers } from "../../tests/real-servers.ts";
import type { CheckResult } from "../checker/check-result.ts";
import { checkRun, type RunPlaces } from "../checker/check-run.ts";
import { waitUntilDrained } from "../checker/wait-until-drained.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { DROPPED_STATUS } from "../ledger/record-generator.ts";
import { SeededRandom } from "../ledger/seeded-random.ts";
import { Load } from "../load/load.ts";
import { deleteData } from "./delete-data.ts";
import type { Fault, OpenFault, Scene } from "./fault.ts";
import { MemoryPeaks } from "./memory-peaks.ts";
import { type Recovery, recoveryOf } from "./recovery.ts";
import type { RunSettings } from "./run-fault.ts";

const LOAD_MS_MAX = 300_000;
const DRAIN_MS_MAX = 180_000;
const TELL_EVERY_MS = 5_000;
const PER_SECOND_MAX = 8_000;

/** What a run is made of. */
export interface RunParts {
  fault: Fault;
  open: OpenFault;
  servers: RealServers;
  ledger: Ledger;
  settings: RunSettings;
}

/** What happened, as far as the run itself can say. */
export interface RunOutcome {
  problems: string[];
  recovery: Recovery;
  peakMemoryMiB: Record<string, number>;
  check: CheckResult;
}

/** One run of a fault, from the start of LogPulse to the judgement. */
export class FaultRun implements Scene {
  readonly full: FullMode;
  readonly servers: RealServers;
  readonly places: RunPlaces;
  readonly load: Load;
  readonly random: SeededRandom;
  readonly times: number;
  private readonly parts: RunParts;
  private readonly roles: ReadonlyMap<string, Role>;
  private readonly others: RunningServer[] = [];
  private readonly memory: MemoryPeaks;
  private readonly recoveries: number[] = [];

  /** Resolves when LogPulse serves. Requests of one status are dropped by rule in every run. */
  static async start(parts: RunParts): Promise<FaultRun> {
    const roles = new Map<string, Role>();
    const changed = (role: Role) => {
      roles.set(role.name, role);
      return parts.open.role?.(role) ?? role;
    };
    const full = await startFullMode(parts.servers, { LOGPULSE_DROP_RULES: `status=${DROPPED_STATUS}` }, changed);
    return new FaultRun(parts, full, roles);
  }

  private constructor(parts: RunParts, full: FullMode, roles: ReadonlyMap<string, Role>) {
    const { fault, servers, ledger, settings } = parts;
    this.parts = parts;
    this.full = full;
    this.roles = roles;
    this.servers = servers;
    this.places = { ...servers, ...full.names };
    this.times = settings.times;
    this.random = new SeededRandom(settings.seed, 4);
    const perSecond = Math.min(PER_SECOND_MAX, settings.records / fault.loadSeconds(settings.times));
    this.load = new Load({ address: full.address, records: settings.records, perSecond, ...fault.load }, ledger);
    this.memory = new MemoryPeaks(() => [...full.roles.values(), ...this.others]);
  }

  /** @throws Error where load, fault or stores did not come to their end. */
  async happen(): Promise<RunOutcome> {
    const telling = setInterval(
      () => this.tell(`${this.load.acked} of ${this.load.total} acknowledged`),
      TELL_EVERY_MS,
    );
    try {
      await this.loadAndDisturb();
    } finally {
      clearInterval(telling);
    }
    const loadedMs = performance.now();
    await this.drained();
    const drainedMs = performance.now();
    const further = (await this.parts.open.after?.(this)) ?? [];
    this.tell("all is stored; checking");
    const check = await this.check();
    const peaks = [...this.memory.peaks].map(([kind, bytes]) => [kind, Math.ceil(bytes / 2 ** 20)]);
    return {
      problems: [...check.problems, ...further],
      recovery: recoveryOf(this.load.ackTimes, this.recoveries, loadedMs, drainedMs),
      peakMemoryMiB: Object.fromEntries(peaks),
      check,
    };
  }

  tell(sentence: string): void {
    this.parts.settings.tell(sentence);
  }

  recovers(): void {
    this.recoveries.push(performance.now());
  }

  async startAnother(name: string): Promise<RunningServer> {
    const role = this.roles.get(name);
    if (!role) throw new Error(`there is no role ${name}`);
    const port = await freePort();
    const server = await startRole({ name, port, env: { ...role.env, LOGPULSE_LISTEN: `127.0.0.1:${port}` } });
    this.others.push(server);
    return server;
  }

  check(): Promise<CheckResult> {
    return checkRun({
      ledgerFile: this.parts.ledger.file,
      places: this.places,
      isDropped: ({ http }) => http?.status === DROPPED_STATUS,
      letterTable: true,
    });
  }

  drained(): Promise<void> {
    return waitUntilDrained(this.places, { msMax: DRAIN_MS_MAX, letterTable: true });
  }

  async stop(): Promise<void> {
    this.memory.stop();
    this.load.stop();
    this.parts.ledger.close();
    await Promise.all(this.others.map((other) => other.remove()));
    await this.full.stop();
    await deleteData(this.places);
  }

  /** Where one of the two fails, the other is ended: a load without its fault, or the other way round, tells nothing. */
  private async loadAndDisturb(): Promise<void> {
    const loading = this.load.run(LOAD_MS_MAX);
    const disturbing = this.parts.open.during(this).catch((reason: unknown) => {
      this.load.stop();
      throw reason;
    });
    const [loaded, disturbed] = await Promise.allSettled([loading, disturbing]);
    if (loaded.status === "rejected") throw loaded.reason;
    if (disturbed.status === "rejected") throw disturbed.reason;
  }
}
