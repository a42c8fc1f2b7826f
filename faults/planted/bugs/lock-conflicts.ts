import { setTimeout as sleep } from "node:timers/promises";
import { isLockConflict } from "../../../services/adapters/mysql/errors.ts";
import { type LogSink, NO_COUNTS, type StoreCounts } from "../../../services/ports/log-sink.ts";
import { withStore } from "../crash.ts";
import { changed } from "../fresh-parts.ts";
import { IngestDoor, type Sender, validCount } from "../ingest-door.ts";
import { LockHolder } from "../lock-holder.ts";
import type { PlantedBug } from "../planted-bug.ts";
import type { PlantedRun } from "../planted-run.ts";
import { startWorker } from "../worker-process.ts";

type Transaction = typeof import("../../../services/adapters/mysql/store-transaction.ts");

// Makes a transaction heavier than the worker's, which is then the victim.
const WEIGHT = "INSERT INTO settled_seqs SELECT 0, 'weight', UNHEX(LPAD(seq, 32, '0')), '' FROM seq_1_to_500";
const HOLD_MS = 7_000; // Longer than the worker waits for a lock.

/** 6: the victim of a deadlock (1213) was rolled back, and takes it for done. */
export const deadlockSwallowed = swallowed("a transaction that was the victim of a deadlock", async (attack) => {
  const { holder, day, first, second } = attack;
  await holder.begin(WEIGHT, lockSettled(day, second));
  const storing = attack.store();
  await holder.untilLocked("settled_seqs", keyOf(day, first)); // Now it wants the second one.
  await holder.query(lockSettled(day, first));
  await holder.release();
  return storing;
});

/** 6, again: the lock did not come in time (1205). */
export const lockTimeoutSwallowed = swallowed("a transaction that waited too long for a lock", async (attack) => {
  const { holder, day, first } = attack;
  await holder.begin(lockSettled(day, first));
  const storing = attack.store();
  await Promise.race([storing, sleep(HOLD_MS)]);
  await holder.release();
  return storing;
});

/** How another session gets into the way of a transaction that stores two producers' records. */
interface Attack {
  holder: LockHolder;
  day: number;
  /** In the order in which the transaction locks them. */
  first: Sender;
  second: Sender;
  store(): Promise<StoreCounts>;
}

function swallowed(what: string, act: (attack: Attack) => Promise<StoreCounts>): PlantedBug {
  return {
    planted: `${what} is taken as committed`,
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
      const [one, other] = [door.sender(), door.sender()];
      const sent = [...(await door.send(one, 100)), ...(await door.send(other, 100))];
      const [first, second] = one.producer < other.producer ? [one, other] : [other, one];
      const holder = await LockHolder.open(run);
      await startWorker(run, "mysql", {
        sink: (sink) => attackedOnce(run, sink, (day, store) => act({ holder, day, first, second, store })),
      });
      await run.drained();
      const lost = validCount(sent);
      return [`${lost} acknowledged records lost in mysql`, `${lost} records of the topic that mysql does not hold`];
    },
  };
}

/** `act`: gets the producers' day and what stores, which it must call once. */
function attackedOnce(
  run: PlantedRun,
  sink: LogSink,
  act: (day: number, store: () => Promise<StoreCounts>) => Promise<StoreCounts>,
): LogSink {
  let attacked = false;
  return withStore(sink, (...call) => {
    if (attacked) return sink.store(...call);
    attacked = true;
    const store = () => {
      const storing = sink.store(...call);
      storing.catch(() => {}); // It is awaited in the end, unless something else fails first.
      return storing;
    };
    return run.acting(() => act(call[0][0]!.producerDay, store));
  });
}

/** The whole primary key: whoever looks through other rows meets their locks. */
function keyOf(day: number, { producer }: Sender): string {
  return `producer_day = ${day} AND tenant = 'default' AND producer = X'${producer}'`;
}

/** The row is made where it is not there yet: a row that is not there cannot be locked. */
function lockSettled(day: number, { producer }: Sender): string {
  return `INSERT INTO settled_seqs VALUES (${day}, 'default', X'${producer}', '') ON DUPLICATE KEY UPDATE ranges = ranges`;
}
