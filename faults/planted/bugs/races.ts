import type { LoggedBatch } from "../../../services/domain/logged-batch.ts";
import { meetingBefore, swapped, withStatements } from "../changed-statements.ts";
import { IngestDoor } from "../ingest-door.ts";
import type { PlantedBug } from "../planted-bug.ts";
import type { PlantedRun } from "../planted-run.ts";
import { STATISTICS_DIFFER } from "../statistics-differ.ts";
import { type Race, twoAtOnce } from "../two-at-once.ts";
import { sinkOf, startWorker } from "../worker-process.ts";

const LOCK_SETTLED = "INSERT INTO settled_seqs";
const READ_SETTLED = "SELECT producer, ranges FROM settled_seqs";
const LOCK_MINUTES = "INSERT INTO rollup_minutes";
const READ_MINUTES = "SELECT * FROM rollup_minutes";

/** 7: a worker that was taken for dead and its successor store the same batch; each believes to be the first. */
export const rangesReadBeforeLock: PlantedBug = {
  planted: "what is settled is read before it is locked",
  statistics: "too high",
  needs: { stores: ["mysql"], partitions: 1 },
  modules: ({ meeting }) => [withStatements(() => swapped(LOCK_SETTLED, READ_SETTLED, meeting))],
  soundModules: ({ meeting }) => [withStatements(() => meetingBefore(LOCK_SETTLED, meeting))],
  async scene(run) {
    const door = await IngestDoor.open(run);
    const sender = door.sender();
    await door.send(sender, 50);
    await storeAll(run); // Now there is a row to lock.
    await door.send(sender, 200);
    await raceOnce(run, (batches) => ({ mine: batches, rivals: batches }));
    return [STATISTICS_DIFFER];
  },
};

/** 8: two stores count other producers in the same minutes; the second one to write knows nothing of the first. */
export const rollupsReadBeforeLock: PlantedBug = {
  planted: "the statistics of a minute are read before they are locked",
  statistics: "too low",
  needs: { stores: ["mysql"], partitions: 1 },
  modules: ({ meeting }) => [withStatements(() => swapped(LOCK_MINUTES, READ_MINUTES, meeting))],
  soundModules: ({ meeting }) => [withStatements(() => meetingBefore(LOCK_MINUTES, meeting))],
  async scene(run) {
    const door = await IngestDoor.open(run);
    const [one, other] = [door.sender(), door.sender()];
    await door.send(one, 50);
    await storeAll(run);
    await door.send(one, 200);
    await door.send(other, 200);
    await raceOnce(run, (batches) => ({
      mine: batches.filter(({ producer }) => producer === one.producer),
      rivals: batches.filter(({ producer }) => producer === other.producer),
    }));
    return [STATISTICS_DIFFER];
  },
};

/** What is in the log is stored, and nobody reads any more. */
async function storeAll(run: PlantedRun): Promise<void> {
  const worker = await startWorker(run, "mysql");
  await run.drained();
  await worker.stop();
}

/** A worker with a rival: of what it is given first, both store what `split` says, at the same time. */
async function raceOnce(run: PlantedRun, split: (batches: readonly LoggedBatch[]) => Race): Promise<void> {
  const rival = sinkOf(run, "mysql");
  run.atTheEnd(() => rival.close());
  await startWorker(run, "mysql", { sink: (sink) => twoAtOnce(run, sink, rival, split) });
  await run.drained();
}
