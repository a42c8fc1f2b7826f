import { isLockConflict } from "../../../services/adapters/mysql/errors.ts";
import type { LoggedBatch } from "../../../services/domain/logged-batch.ts";
import { NO_COUNTS } from "../../../services/ports/log-sink.ts";
import { meetingBefore, NOTHING_AFFECTED, swapped, withStatements } from "../changed-statements.ts";
import { withStore } from "../crash.ts";
import { changed } from "../fresh-parts.ts";
import { IngestDoor, type Sender, validCount } from "../ingest-door.ts";
import { LockHolder } from "../lock-holder.ts";
import type { PlantedBug } from "../planted-bug.ts";
import type { PlantedRun } from "../planted-run.ts";
import { redelivered } from "../redelivery.ts";
import { STATISTICS_DIFFER } from "../statistics-differ.ts";
import { type Race, twoAtOnce } from "../two-at-once.ts";
import { sinkOf, startWorker } from "../worker-process.ts";

type Transaction = typeof import("../../../services/adapters/mysql/store-transaction.ts");
type Rollups = typeof import("../../../services/adapters/mysql/rollup-rows.ts");
type DropRules = typeof import("../../../services/domain/drop-rules.ts");

const LOCK_SETTLED = "INSERT INTO settled_seqs";
const READ_SETTLED = "SELECT producer, ranges FROM settled_seqs";
const LOCK_MINUTES = "INSERT INTO rollup_minutes";
const READ_MINUTES = "SELECT * FROM rollup_minutes";
// Makes a transaction heavier than the worker's, which is then the victim.
const WEIGHT = "INSERT INTO settled_seqs SELECT 0, 'weight', UNHEX(LPAD(seq, 32, '0')), '' FROM seq_1_to_500";

/** 6: the victim of a deadlock was rolled back, and takes it for done. */
export const deadlockSwallowed: PlantedBug = {
  planted: "a transaction that was the victim of a deadlock is taken as committed",
  needs: { stores: ["mysql"], partitions: 1 },
  modules: () => [
    changed<Transaction>("adapters/mysql/store-transaction.ts", ({ storeBatches }) => ({
      async storeBatches(...work) {
        try {
          return await storeBatches(...work);
        } catch (reason) {
          if (!isLockConflict(reason)) throw reason;
          return { commit: true, value: { counts: NO_COUNTS, newlyRefused: [] } };
        }
      },
    })),
  ],
  async scene(run) {
    const door = await IngestDoor.open(run);
    const [first, second] = [door.sender(), door.sender()].sort((a, b) => (a.producer < b.producer ? -1 : 1));
    const sent = [...(await door.send(first!, 100)), ...(await door.send(second!, 100))];
    const holder = await LockHolder.open(run);
    let attacked = false;
    await startWorker(run, "mysql", {
      sink: (sink) =>
        withStore(sink, (...call) => {
          if (attacked) return sink.store(...call);
          attacked = true;
          return run.acting(async () => {
            const day = call[0][0]!.producerDay;
            await holder.begin(WEIGHT, lockSettled(day, second!));
            const storing = sink.store(...call);
            storing.catch(() => {}); // It is awaited below, unless something else fails first.
            await holder.untilLocked("settled_seqs", keyOf(day, first!)); // Now it wants the second one.
            await holder.query(lockSettled(day, first!));
            await holder.release();
            return storing;
          });
        }),
    });
    await run.drained();
    const lost = validCount(sent);
    return [`${lost} acknowledged records lost in mysql`, `${lost} records of the topic that mysql does not hold`];
  },
};

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
      addToRollups: (connection, records) =>
        addToRollups(
          connection,
          records.filter(({ logged }) => !logged.dropped),
        ),
    })),
  ],
  async scene(run) {
    await droppedCount(run);
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

/** The whole primary key: whoever looks through other rows meets their locks. */
function keyOf(day: number, { producer }: Sender): string {
  return `producer_day = ${day} AND tenant = 'default' AND producer = X'${producer}'`;
}

/** The row is made where it is not there yet: a row that is not there cannot be locked. */
function lockSettled(day: number, { producer }: Sender): string {
  return `INSERT INTO settled_seqs VALUES (${day}, 'default', X'${producer}', '') ON DUPLICATE KEY UPDATE ranges = ranges`;
}

async function droppedCount(run: PlantedRun): Promise<number> {
  const door = await IngestDoor.open(run);
  const sent = await door.send(door.sender(), 400);
  await startWorker(run, "mysql");
  await run.drained();
  return sent.filter(({ dropped }) => dropped).length;
}
