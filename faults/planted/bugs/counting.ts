import { NOTHING_AFFECTED, withStatements } from "../changed-statements.ts";
import { changed } from "../fresh-parts.ts";
import { IngestDoor } from "../ingest-door.ts";
import type { PlantedBug } from "../planted-bug.ts";
import type { PlantedRun } from "../planted-run.ts";
import { redelivered } from "../redelivery.ts";
import { STATISTICS_DIFFER } from "../statistics-differ.ts";
import { startWorker } from "../worker-process.ts";

type Rollups = typeof import("../../../services/adapters/mysql/rollup-rows.ts");
type DropRules = typeof import("../../../services/domain/drop-rules.ts");

/** 11: nothing is remembered of what was settled. */
export const rangesNotSaved: PlantedBug = {
  planted: "what is settled is not saved, so a redelivery counts again",
  statistics: "too high",
  needs: { stores: ["mysql"], partitions: 1 },
  modules: () => [
    withStatements(() => async (sql, send) => {
      const saves = sql.startsWith("INSERT INTO settled_seqs") && sql.includes("VALUES(ranges)");
      return saves ? NOTHING_AFFECTED : send();
    }),
  ],
  async scene(run) {
    await redelivered(run, "mysql");
    return [STATISTICS_DIFFER];
  },
};

/** 19: what a rule keeps out gets in. */
export const dropRuleIgnored: PlantedBug = {
  planted: "a drop rule is ignored",
  needs: { stores: ["mysql"], drops: true },
  modules: () => [changed<DropRules>("domain/drop-rules.ts", () => ({ markDropped: () => {} }))],
  async scene(run) {
    return [`${await droppedCount(run)} dropped records stored in mysql`];
  },
};

/** 20: system B's mistake: its statistics miss everything that a rule filtered out. */
export const droppedNotCounted: PlantedBug = {
  planted: "the statistics leave out what a rule drops",
  statistics: "too low",
  needs: { stores: ["mysql"], drops: true },
  modules: () => [
    changed<Rollups>("adapters/mysql/rollup-rows.ts", ({ addToRollups }) => ({
      addToRollups: (connection, records, nowMs) =>
        addToRollups(
          connection,
          records.filter(({ logged }) => !logged.dropped),
          nowMs,
        ),
    })),
  ],
  async scene(run) {
    await droppedCount(run);
    return [STATISTICS_DIFFER];
  },
};

async function droppedCount(run: PlantedRun): Promise<number> {
  const door = await IngestDoor.open(run);
  const sent = await door.send(door.sender(), 400);
  await startWorker(run, "mysql");
  await run.drained();
  return sent.filter(({ dropped }) => dropped).length;
}
