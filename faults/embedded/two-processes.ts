import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../stack/free-port.ts";
import { SeededRandom } from "../ledger/seeded-random.ts";
import type { FaultResult } from "../scene/run-fault.ts";
import type { EmbeddedFault, EmbeddedSettings } from "./embedded-fault.ts";
import { EmbeddedProcess } from "./embedded-process.ts";
import { EmbeddedSite } from "./embedded-site.ts";
import { FaultAccount } from "./fault-account.ts";

const PER_SECOND = 2_000;
const SECONDS_PER_ROUND = 3;
const LOAD_MS_MAX = 300_000;
const REFUSED_MS_MAX = 5_000;
const APART_MS_MAX = 30; // Two that are started at once.

/** Whoever comes second to a folder is sent away. */
export const embeddedTwoProcesses: EmbeddedFault = {
  name: "embedded-two-processes",
  summary:
    "a second process is started on the folder of one that runs under load, and two at the same moment on one folder: one serves, the other ends at once and says why",
  roundsUsual: 10,
  async run(settings) {
    const account = new FaultAccount(embeddedTwoProcesses, settings);
    const site = await EmbeddedSite.open({ name: embeddedTwoProcesses.name, seed: settings.seed });
    const scene = new Scene(site, account, settings);
    try {
      account.watch(site);
      return await scene.run();
    } finally {
      await scene.close();
      await site.close();
    }
  },
};

class Scene {
  private readonly site: EmbeddedSite;
  private readonly account: FaultAccount;
  private readonly settings: EmbeddedSettings;
  private readonly random: SeededRandom;
  private readonly second: Promise<EmbeddedProcess>;
  private refusals = 0;
  private wonBySecond = 0;

  constructor(site: EmbeddedSite, account: FaultAccount, settings: EmbeddedSettings) {
    this.site = site;
    this.account = account;
    this.settings = settings;
    this.random = new SeededRandom(settings.seed, 4);
    this.second = freePort().then(
      (port) => new EmbeddedProcess({ folder: site.folder, port, logFile: join(site.folder, "..", "second.log") }),
    );
  }

  async run(): Promise<FaultResult> {
    await this.startBoth();
    const { rounds, perSecond = PER_SECOND } = this.settings;
    const load = this.site.load({ records: rounds * SECONDS_PER_ROUND * perSecond, perSecond });
    const loading = load.run(LOAD_MS_MAX);
    loading.catch(() => undefined); // It is awaited in the end.
    for (let round = 0; round < rounds && this.account.isGood; round++) {
      await sleep(this.random.between(0, 500));
      await (await this.second).spawn();
      await this.refused(await this.second);
    }
    if (!this.account.isGood) load.stop();
    await loading;
    this.account.loaded(load);
    Object.assign(this.account.notes, { refusals: this.refusals, wonBySecond: this.wonBySecond });
    this.account.finish(await this.account.settledAndChecked(this.site));
    return this.account.result();
  }

  async close(): Promise<void> {
    await (await this.second).remove();
  }

  /** On a new folder: whoever is late is sent away; the first one is then the site's. */
  private async startBoth(): Promise<void> {
    const { process: first, folder } = this.site;
    const second = await this.second;
    const order = this.random.chance(0.5) ? [first, second] : [second, first];
    await order[0]!.spawn();
    await sleep(this.random.between(0, APART_MS_MAX));
    await order[1]!.spawn();
    const ready = await Promise.all(order.map((one) => one.untilReady(LOAD_MS_MAX)));
    if (ready.filter(Boolean).length !== 1) {
      this.account.problems.push(`of two processes started at once ${ready.filter(Boolean).length} were ready`);
    }
    const late = order[ready.indexOf(false)];
    if (late) await this.refused(late);
    if (late !== first) return;
    this.wonBySecond++;
    await second.kill();
    rmSync(folder, { recursive: true });
    await this.site.start();
  }

  /** Ended at once, by itself, with a code and a sentence that names the folder. */
  private async refused(late: EmbeddedProcess): Promise<void> {
    const { code, signal } = await late.untilEnded(REFUSED_MS_MAX);
    if (code === 0 || signal !== null) this.account.problems.push(`the second process ended with ${signal ?? code}`);
    const words = late.lastWords;
    if (!words.includes(late.folder))
      this.account.problems.push(`the second process does not name the folder: ${words}`);
    if (!this.site.process.isAlive && late !== this.site.process)
      this.account.problems.push("the first process has ended");
    this.refusals++;
  }
}
