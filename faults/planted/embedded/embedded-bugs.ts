import type { StoreTables } from "../../../services/adapters/sqlite/store/store-tables.ts";
import type { LoggedBatch } from "../../../services/domain/logged-batch.ts";
import type { EventLog } from "../../../services/ports/event-log.ts";
import { Crash, withSettle, withStore } from "../crash.ts";
import { type ChangedModule, changed } from "../fresh-parts.ts";
import { STATISTICS_DIFFER } from "../statistics-differ.ts";
import type { EmbeddedPlantedRun } from "./embedded-planted-run.ts";

/** A mistake that the embedded mode could have, and a scene in which it does its damage. */
export interface EmbeddedBug {
  /** What is wrong, in a few words. */
  planted: string;
  /** Where the mistake cannot be put in front of a port: the modules to change. Not used in the sound run. */
  modules?: readonly ChangedModule[];
  /** How the statistics must differ, where that is what the checker finds. */
  statistics?: "too high";
  /**
   * Acts it out until all there is to store is stored.
   *
   * @returns each of the problems that the checker must then report where the bug is planted, and no others.
   */
  scene(run: EmbeddedPlantedRun): Promise<readonly (string | RegExp)[]>;
}

/** The kill comes between the acknowledgement and the commit. */
const ackedBeforeCommit: EmbeddedBug = {
  planted: "a batch is acknowledged before its commit",
  async scene(run) {
    let appends = 0;
    const ackFirst = (sound: EventLog): EventLog => ({
      partitions: sound.partitions,
      append: async (partition, batches) => {
        appends++;
        if (appends !== 2) await sound.append(partition, batches);
      },
      check: () => sound.check(),
      close: () => sound.close(),
    });
    const door = await run.openDoor((log) => run.orPlanted(log, ackFirst));
    const sender = door.sender();
    await door.send(sender, 100);
    const lost = await door.send(sender, 100);
    await door.send(sender, 100);
    await run.startWorker();
    await run.settled();
    const stored = lost.filter(({ invalid, dropped }) => !invalid && !dropped).length;
    return [
      `${stored} acknowledged records lost in sqlite`,
      `${lost.length} acknowledged seqs that sqlite has not settled`,
    ];
  },
};

/** The kill comes between the commit of the position and that of the records. */
const positionBeforeRecords: EmbeddedBug = {
  planted: "the position is committed before the records",
  async scene(run) {
    const door = await run.openDoor();
    const sender = door.sender();
    const sent = [...(await door.send(sender, 100)), ...(await door.send(sender, 200))];
    const crash = new Crash();
    const dying = await run.startWorker({
      reader: (reader) =>
        run.orPlanted(reader, (sound) =>
          withSettle(sound, (settle) => async (delivery) => {
            settle(delivery).catch(() => {}); // Nobody waits for it: that is the bug.
          }),
        ),
      sink: (sink) => crash.beforeStore(sink),
    });
    await crash.happened;
    await dying.stop();
    await run.startWorker();
    await door.send(sender, 100);
    await run.settled();
    const lost = sent.filter(({ invalid, dropped }) => !invalid && !dropped).length;
    return [
      `${lost} acknowledged records lost in sqlite`,
      `${lost} records of the topic that sqlite does not hold`,
      `${sent.length} acknowledged seqs that sqlite has not settled`,
    ];
  },
};

const duplicatesCounted: EmbeddedBug = {
  planted: "what comes twice is counted twice in the statistics",
  statistics: "too high",
  async scene(run) {
    const door = await run.openDoor();
    const sender = door.sender();
    await door.send(sender, 200);
    const crash = new Crash();
    const dying = await run.startWorker({ reader: (reader) => crash.beforeCommit(reader) });
    await crash.happened;
    await dying.stop();
    await run.startWorker({
      sink: (sound, tables) =>
        run.orPlanted(sound, (sink) =>
          withStore(sink, (batches, ...rest) => {
            // All that the first worker has stored comes again, and nothing else.
            tables.transaction(() => countAgain(run, tables, batches));
            return sink.store(batches, ...rest);
          }),
        ),
    });
    await run.settled();
    return [STATISTICS_DIFFER];
  },
};

const wordsLeftOut: EmbeddedBug = {
  planted: "the words of some records are left out of the index",
  modules: [
    changed<typeof import("../../../services/adapters/sqlite/store/word-rows.ts")>(
      "adapters/sqlite/store/word-rows.ts",
      ({ WordRows }) => ({
        WordRows: class extends WordRows {
          override add(...row: Parameters<InstanceType<typeof WordRows>["add"]>): void {
            if (row[0] % 40 !== 1) super.add(...row);
          }
        },
      }),
    ),
  ],
  async scene(run) {
    await sentAndStored(run);
    return [
      /^\d+ words that sqlite's index counts otherwise than the records$/,
      /^\d+ records of sqlite that are not found by their words$/,
    ];
  },
};

const settledWithoutRow: EmbeddedBug = {
  planted: "a seq is settled whose record is nowhere",
  async scene(run) {
    const door = await run.openDoor();
    const sender = door.sender();
    const sent = await door.send(sender, 100);
    const lost = sent.find(({ invalid, dropped }) => !invalid && !dropped)!;
    const without = (batch: LoggedBatch) => ({
      ...batch,
      records: batch.records.filter(({ seq }) => seq !== lost.seq),
    });
    await run.startWorker({
      sink: (sound) =>
        run.orPlanted(sound, (sink) =>
          withStore(sink, (batches, ...rest) => sink.store(batches.map(without), ...rest)),
        ),
    });
    await run.settled();
    return [
      "1 acknowledged records lost in sqlite",
      "1 records of the topic that sqlite does not hold",
      "1 seqs settled in sqlite without a row or a dead letter",
    ];
  },
};

const letterLost: EmbeddedBug = {
  planted: "a record that conflicts is settled and its dead letter is not kept",
  async scene(run) {
    const door = await run.openDoor();
    const sender = door.sender();
    const sent = await door.send(sender, 50);
    const stored = sent.filter(({ invalid, dropped }) => !invalid && !dropped).map(({ seq }) => seq);
    const conflicts = await door.sendRivals(sender, stored.slice(0, 10));
    await run.startWorker({
      deadLetters: (sound) => run.orPlanted(sound, () => ({ keep: async () => {} })),
    });
    await run.settled();
    return [`${conflicts} conflicting records without a dead letter of sqlite`];
  },
};

/** Every planted bug of the embedded mode. */
export const EMBEDDED_BUGS: readonly EmbeddedBug[] = [
  ackedBeforeCommit,
  positionBeforeRecords,
  duplicatesCounted,
  wordsLeftOut,
  settledWithoutRow,
  letterLost,
];

/** The plainest scene: several batches, a few of their records invalid or in conflict, and a worker. */
export async function sentAndStored(run: EmbeddedPlantedRun): Promise<void> {
  const door = await run.openDoor();
  const [one, other] = [door.sender(), door.sender()];
  for (let batch = 0; batch < 3; batch++) {
    await door.send(one, 300);
    await door.send(other, 100);
  }
  await door.sendRivals(one, [1, 2, 3, 4, 5, 6, 7, 8]);
  await run.startWorker();
  await run.settled();
}

function countAgain(run: EmbeddedPlantedRun, tables: StoreTables, batches: readonly LoggedBatch[]): void {
  for (const { producerDay, tenant, partition, records } of batches) {
    const minutes = run.parts.rollUp(records);
    tables.ensureRollupDay(producerDay).add(tables.ensureTenant(tenant), partition, minutes, Date.now());
  }
}
