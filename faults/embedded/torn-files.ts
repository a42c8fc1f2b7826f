import type { SeededRandom } from "../ledger/seeded-random.ts";
import type { FaultResult } from "../scene/run-fault.ts";
import { DamageTrial } from "./damage-trial.ts";
import { DAMAGES, type Damage } from "./damaged-files.ts";
import type { EmbeddedFault, EmbeddedSettings } from "./embedded-fault.ts";
import type { EmbeddedSite } from "./embedded-site.ts";
import { KillRounds } from "./kill-rounds.ts";
import { crashMachine } from "./machine-crash.ts";

const ROUNDS_PER_CHECK = 10;
const RECORDS_PER_FOLDER_MAX = 130_000; // Enough that the log of the last checks is trimmed: a store is then not made again.

/** What a crash of the machine, or a bad disk, leaves of the files. */
export const embeddedTornFiles: EmbeddedFault = {
  name: "embedded-torn-files",
  summary:
    "after a kill -9 the files lose what a crash of the machine may take: ends and pieces of WALs that were not synced, pages that were being copied; and on copies of them headers and pages are overwritten",
  roundsUsual: 60,
  run: (settings) => tornFiles(settings, DAMAGES),
};

/** `damages`: what is done to copies of the files after each check. */
export function tornFiles(settings: EmbeddedSettings, damages: readonly Damage[]): Promise<FaultResult> {
  return new TornFiles(settings, damages).run();
}

class TornFiles {
  private readonly settings: EmbeddedSettings;
  private readonly damages: readonly Damage[];
  private readonly counts: Record<string, number> = {};

  constructor(settings: EmbeddedSettings, damages: readonly Damage[]) {
    this.settings = settings;
    this.damages = damages;
  }

  run(): Promise<FaultResult> {
    const rounds = new KillRounds({
      ...{ fault: embeddedTornFiles, settings: this.settings },
      ...{ roundsPerCheck: ROUNDS_PER_CHECK, recordsPerFolderMax: RECORDS_PER_FOLDER_MAX },
      whileDown: (site, random) => crashMachine(site.folder, random).forEach((name) => void this.count(name)),
      afterCheck: (site, random) => this.damageCopies(site, random),
      notes: () => this.counts,
    });
    return rounds.run();
  }

  private async damageCopies(site: EmbeddedSite, random: SeededRandom): Promise<string[]> {
    const problems: string[] = [];
    // Told to stop it leaves no WAL, so that nothing covers what is damaged in the files themselves.
    if (random.chance(0.5)) await site.process.kill();
    else await site.process.stop();
    for (const damage of this.damages) {
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
