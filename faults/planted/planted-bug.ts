import type { ChangedModule } from "./fresh-parts.ts";
import type { PlantedRun, RunNeeds } from "./planted-run.ts";

/** A mistake that LogPulse could have, and a scene in which it does its damage. */
export interface PlantedBug {
  /** What is wrong, in a few words. */
  planted: string;
  needs: RunNeeds;
  /** Where the mistake cannot be put in front of a port: the modules to change. Not used in the sound run. */
  modules?: (run: PlantedRun) => ChangedModule[];
  /** Modules of the sound run that must wait for each other to make a race certain; nothing else of them may change. */
  soundModules?: (run: PlantedRun) => ChangedModule[];
  /** How the statistics must differ, where that is what the checker finds. */
  statistics?: "too high" | "too low";
  /**
   * Acts it out, on the sound parts or with the planted one (`run.planted`, `run.orPlanted`), until all there is to store
   * is stored.
   *
   * @returns each of the problems that the checker must then report where the bug is planted, and no others: its whole
   *   sentence, or a pattern of it where the count cannot be known beforehand.
   */
  scene(run: PlantedRun): Promise<readonly (string | RegExp)[]>;
}
