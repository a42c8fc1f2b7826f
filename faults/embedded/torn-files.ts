import type { SeededRandom } from "../ledger/seeded-random.ts";
import type { FaultResult } from "../scene/run-fault.ts";
import { DamageTrial } from "./damage-trial.ts";
import { DAMAGES } from "./damaged-files.ts";
import type { EmbeddedFault, EmbeddedSettings } from "./embedded-fault.ts";
import type { EmbeddedSite } from "./embedded-site.ts";
import { KillRounds } from "./kill-rounds.ts";
import { crashMachine } from "./machine-crash.ts";

const ROUNDS_PER_CHECK = 10;

/** What a crash of the machine, or a bad disk, leaves of the files. */
export const embeddedTornFiles: EmbeddedFault = {
  name: "embedded-torn-files",
  summary:
    "after a kill -9 the files lose what a crash of the machine may take: ends and pieces of WALs that were not synced, pages that were being copied; and on copies of them headers and pages are overwritten",
  roundsUsual: 60,
  run: (settings) => new TornFiles(settings).run(),
};

class TornFiles {
  private readonly settings: EmbeddedSettings;
  private readonly counts: Record<string, number> = {};

  constructor(settings: EmbeddedSettings) {
    this.settings = settings;
  }

  run(): Promise<FaultResult> {
    const rounds = new KillRounds({
      ...{ fault: embeddedTornFiles, settings: this.settings, roundsPerCheck: ROUNDS_PER_CHECK },
      whileDown: (site, random) => crashMachine(site.folder, random).forEach((name) => void this.count(name)),
      afterCheck: (site, random) => this.damageCopies(site, random),
      notes: () => this.counts,
    });
    return rounds.run();
  }

  private async damageCopies(site: EmbeddedSite, random: SeededRandom): Promise<string[]> {
    const problems: string[] = [];
    await site.process.kill();
    for (const damage of DAMAGES) {
      const trial = await DamageTrial.prepare(site, damage, random);
      if (!trial) continue;
      try {
        const outcome = await trial.run();
        this.count(`${damage.name} ${outcome}`);
        this.settings.tell(`${damage.name}: ${trial.problems.length === 0 ? outcome : trial.problems.join("; ")}`);
      } finally {
        await trial.close();
      }
      problems.push(...trial.problems);
    }
    await site.start();
    return problems;
  }

  private count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}
