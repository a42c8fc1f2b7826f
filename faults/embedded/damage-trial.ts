import { hash } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../stack/free-port.ts";
import { waitUntilSettled } from "../checker/sqlite/log-lag.ts";
import { LogReader } from "../checker/sqlite/log-reader.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { SeededRandom } from "../ledger/seeded-random.ts";
import type { Damage } from "./damaged-files.ts";
import { EmbeddedProcess } from "./embedded-process.ts";
import type { EmbeddedSite } from "./embedded-site.ts";
import { RestProbe } from "./rest-probe.ts";

const READY_MS_MAX = 60_000;
const SETTLED_MS_MAX = 60_000;
const STARTS_MAX = 4;
const NEW_RECORDS = 5;

/**
 * What came of damage: `clean`: everything is there (the damage was covered by the WAL, or did not matter); `rebuilt`:
 * the store was set aside and everything is there again; `refused`: the process ends with a word on it and has changed
 * nothing; `unnoticed`: nobody has read what is damaged.
 */
export type TrialOutcome = "clean" | "rebuilt" | "refused" | "unnoticed";

/** A process on a damaged copy of a site's files. */
export class DamageTrial {
  /** What is wrong with how the damage was dealt with. */
  readonly problems: string[] = [];
  private readonly site: EmbeddedSite;
  private readonly damage: Damage;
  private readonly folder: string;
  private readonly process: EmbeddedProcess;

  /** The site's process does not run, and its store had settled everything. Undefined where there is nothing to damage. */
  static async prepare(site: EmbeddedSite, damage: Damage, random: SeededRandom): Promise<DamageTrial | undefined> {
    if (damage.needsWholeLog && !logIsWhole(site.folder)) return undefined;
    const directory = site.anotherFolder(`damaged-${damage.name}`);
    const folder = join(directory, "data");
    cpSync(site.folder, folder, { recursive: true });
    if (damage.damage(folder, random)) {
      const process = new EmbeddedProcess({
        ...{ folder, port: await freePort(), logFile: join(directory, "process.log") },
        settings: site.settings,
      });
      return new DamageTrial(site, damage, process);
    }
    rmSync(directory, { recursive: true });
    return undefined;
  }

  private constructor(site: EmbeddedSite, damage: Damage, process: EmbeddedProcess) {
    this.site = site;
    this.damage = damage;
    this.process = process;
    this.folder = process.folder;
  }

  /** Starts it, and again where it ends because it has noticed something. */
  async run(): Promise<TrialOutcome> {
    for (let starts = 0; starts < STARTS_MAX; starts++) {
      const before = fingerprints(this.folder);
      await this.process.spawn();
      if (!(await this.process.untilReady(READY_MS_MAX))) return this.refused(before);
      if (await this.isReadThrough()) return this.judged();
      await this.process.untilEnded(READY_MS_MAX);
    }
    this.problems.push(`${this.damage.name}: the process ended ${STARTS_MAX} times in a row after it had been ready`);
    return "refused";
  }

  /** Ends it and deletes the copy, unless something was wrong. */
  async close(): Promise<void> {
    await this.process.remove();
    if (this.problems.length === 0) rmSync(join(this.folder, ".."), { recursive: true });
  }

  private async refused(before: ReadonlyMap<string, string>): Promise<"refused"> {
    const { name, file } = this.damage;
    const { code, signal } = await this.process.untilEnded(READY_MS_MAX);
    const words = this.process.lastWords;
    if (code === 0 || signal !== null)
      this.problems.push(`${name}: the process ended with ${signal ?? code}: ${words}`);
    if (!words.includes(file)) this.problems.push(`${name}: the refusal does not name ${file}: ${words}`);
    const after = fingerprints(this.folder);
    for (const [path, fingerprint] of before) {
      // The other one, which is whole, may be opened and closed.
      if (path.startsWith(file) && after.get(path) !== fingerprint)
        this.problems.push(`${name}: ${path} was changed by a start that refused`);
    }
    return "refused";
  }

  /** Asks for everything that is there. False where the process has ended meanwhile: it has noticed the damage. */
  private async isReadThrough(): Promise<boolean> {
    const ask = (path: string) => fetch(`http://${this.process.address}${path}`).then((answer) => answer.arrayBuffer());
    const settled = waitUntilSettled(this.folder, SETTLED_MS_MAX).catch((reason: unknown) => reason);
    const paths = [
      "/logs?limit=1000",
      "/logs/search?q=request",
      "/stats?type=traffic&range=week",
      "/logs/search?q=zzz",
    ];
    for (const path of paths) await ask(path).catch(() => undefined); // Whether it has ended is looked at below.
    const ended = this.process.untilEnded(SETTLED_MS_MAX).then(
      () => "ended",
      () => undefined,
    );
    const first = await Promise.race([settled.then(() => "settled"), ended]);
    if (first === "settled") await sleep(1_000); // What has noticed something ends in a moment.
    return this.process.isAlive;
  }

  private async judged(): Promise<TrialOutcome> {
    const { name, mayStayUnnoticed } = this.damage;
    const problems = await this.site.check(this.folder).then(
      (check) => [...check.problems, ...check.samples],
      (reason: unknown) => [String(reason)],
    );
    if (problems.length > 0) {
      if (!mayStayUnnoticed) this.problems.push(`${name}: it goes on as if nothing were wrong: ${problems.join("; ")}`);
      return "unnoticed";
    }
    await this.takesMore();
    return readdirSync(this.folder).some((file) => file.startsWith("store.db.damaged")) ? "rebuilt" : "clean";
  }

  /** What is written from now on is stored like everything before. */
  private async takesMore(): Promise<void> {
    const ledger = new Ledger(join(this.folder, "..", "more.jsonl"), { name: "more", seed: 1, baseMs: Date.now() });
    try {
      const probe = new RestProbe(this.process.address, ledger);
      const written: string[] = [];
      for (let record = 0; record < NEW_RECORDS; record++) {
        written.push(probe.nextPath);
        const { status, body } = await probe.write();
        if (status !== 200) this.problems.push(`${this.damage.name}: then a write was answered ${status}: ${body}`);
      }
      await waitUntilSettled(this.folder, SETTLED_MS_MAX);
      for (const path of written) {
        const { status } = await probe.ask(path);
        if (status !== 200) this.problems.push(`${this.damage.name}: what was written then is answered with ${status}`);
      }
    } finally {
      ledger.close();
    }
  }
}

function logIsWhole(folder: string): boolean {
  const log = new LogReader(join(folder, "log.db"));
  try {
    return log.ends().every(({ start }) => start === 0n);
  } finally {
    log.close();
  }
}

/** SHA-256 of each file that holds data. SQLite's shared memory, and what tells who runs, are none. */
function fingerprints(folder: string): Map<string, string> {
  const data = readdirSync(folder).filter((file) => /^(log|store)\.db(?!-shm)/.test(file));
  return new Map(data.map((file) => [file, hash("sha256", readFileSync(join(folder, file)))]));
}
