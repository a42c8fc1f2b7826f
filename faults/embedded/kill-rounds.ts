import { setTimeout as sleep } from "node:timers/promises";
import { SeededRandom } from "../ledger/seeded-random.ts";
import type { FaultResult } from "../scene/run-fault.ts";
import type { EmbeddedFault, EmbeddedSettings } from "./embedded-fault.ts";
import { EmbeddedSite } from "./embedded-site.ts";
import { FaultAccount } from "./fault-account.ts";

const PER_SECOND = 1_500;
const RECORDS_PER_ROUND_MAX = 20_000; // More than a round can take at that pace: the load never ends by itself.
const LOAD_MS_MAX = 600_000;
const BEHAVIOURS = { duplicates: 0.15, overlaps: 0.15, shuffledOver: 5, conflicts: 0.1 };
const ALIVE_MS = { min: 20, max: 1_500 };
const LONG_ALIVE_MS = { min: 5_200, max: 8_000 }; // The log is trimmed every 5 s.
const LONG_OF = 15; // One round of so many.
const AGAIN_AT_ONCE = 0.25; // The share of rounds in which it is killed again before it is ready, or right then.

/** What happens in rounds of kills beside the kills. */
export interface KillRoundsParts {
  fault: EmbeddedFault;
  settings: EmbeddedSettings;
  roundsPerCheck: number;
  /** About so many are acknowledged, then another folder is begun: time and disk of a check grow with it. */
  recordsPerFolderMax: number;
  /** To the files, before the process is started again. */
  whileDown?: (site: EmbeddedSite, random: SeededRandom) => void;
  /** When everything was checked; the process runs, before and after it. */
  afterCheck?: (site: EmbeddedSite, random: SeededRandom) => Promise<string[]>;
  /** For the report, at the end. */
  notes?: () => Record<string, number | string>;
}

/** The process is killed at any moment of its life, again and again, while clients go on. */
export class KillRounds {
  private readonly parts: KillRoundsParts;
  private readonly settings: EmbeddedSettings;
  private readonly account: FaultAccount;
  private readonly random: SeededRandom;
  private readonly readyMs: number[] = [];
  private readonly counts = { rounds: 0, kills: 0, killsBeforeReady: 0, folders: 0, checks: 0 };

  constructor(parts: KillRoundsParts) {
    this.parts = parts;
    this.settings = parts.settings;
    this.account = new FaultAccount(parts.fault, this.settings);
    this.random = new SeededRandom(this.settings.seed, 4);
  }

  /** All rounds, on as many folders as it takes. Ends with the first that finds anything. */
  async run(): Promise<FaultResult> {
    while (this.roundsLeft > 0 && this.account.isGood) await this.fillFolder();
    const times = this.readyMs.sort((a, b) => a - b);
    const half = times[Math.floor(times.length / 2)] ?? 0;
    Object.assign(this.account.notes, this.counts, {
      readyMsP50: Math.round(half),
      readyMsMax: Math.round(times.at(-1) ?? 0),
      ...this.parts.notes?.(),
    });
    return this.account.result();
  }

  private get roundsLeft(): number {
    return this.settings.rounds - this.counts.rounds;
  }

  private async fillFolder(): Promise<void> {
    const site = await EmbeddedSite.open({ name: this.parts.fault.name, seed: this.folderSeed() });
    let [acked, whole] = [0, false];
    try {
      this.account.watch(site);
      await site.start();
      while (this.roundsLeft > 0 && this.account.isGood && acked < this.parts.recordsPerFolderMax) {
        acked = (await this.killUnderLoad(site, Math.min(this.roundsLeft, this.parts.roundsPerCheck))).acked;
      }
      const end = await site.process.stop();
      if (end.code !== 0) this.account.problems.push(`told to stop, the process ended with ${JSON.stringify(end)}`);
      this.account.finish(this.account.note(await site.check()));
      whole = this.account.isGood;
    } finally {
      const directory = await site.close({ keep: !whole });
      if (!whole) this.settings.tell(`its files are in ${directory}`);
    }
  }

  private folderSeed(): number {
    return (this.settings.seed + this.counts.folders++) % 2 ** 32;
  }

  private async killUnderLoad(site: EmbeddedSite, rounds: number): Promise<{ acked: number }> {
    const { perSecond = PER_SECOND } = this.settings;
    const load = site.load({ records: rounds * RECORDS_PER_ROUND_MAX, perSecond, behaviours: BEHAVIOURS });
    const loading = load.run(LOAD_MS_MAX);
    loading.catch(() => undefined); // It is awaited in the end, unless something else fails first.
    const readyAt: number[] = [];
    try {
      for (let round = 0; round < rounds && !load.isOver; round++) readyAt.push(await this.killOnce(site));
    } catch (reason) {
      load.stop();
      throw reason;
    }
    load.finish();
    await loading;
    this.account.loaded(load, readyAt);
    this.settings.tell(`${this.counts.rounds} rounds, ${this.counts.kills} kills; checking`);
    this.counts.checks++;
    const check = await this.account.settledAndChecked(site);
    this.account.problems.push(...((await this.parts.afterCheck?.(site, this.random)) ?? []));
    return check;
  }

  /** @returns when it was ready again. */
  private async killOnce(site: EmbeddedSite): Promise<number> {
    const { random } = this;
    const long = random.between(1, LONG_OF) === 1;
    const { min, max } = long ? LONG_ALIVE_MS : ALIVE_MS;
    await sleep(random.between(min, max));
    await this.kill(site);
    while (random.chance(AGAIN_AT_ONCE)) {
      await site.process.spawn();
      // Up to a little more than it usually needs: some of these are killed in the moment in which they are ready.
      const usualMs = this.readyMs.at(-1) ?? ALIVE_MS.max;
      const ready = site.process.untilReady(LOAD_MS_MAX);
      await sleep(random.between(0, Math.ceil(1.1 * usualMs)));
      await this.kill(site);
      if (!(await ready)) this.counts.killsBeforeReady++;
    }
    this.parts.whileDown?.(site, random);
    this.readyMs.push(await site.start());
    this.counts.rounds++;
    return performance.now();
  }

  private async kill(site: EmbeddedSite): Promise<void> {
    await site.process.kill();
    this.counts.kills++;
  }
}
