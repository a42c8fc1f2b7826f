import type { PoolConnection } from "mysql2/promise";
import { createConnection } from "mysql2/promise";
import { lockFirstDay } from "../../../services/adapters/mysql/first-day.ts";
import { insertGood } from "../../../services/adapters/mysql/record-rows.ts";
import { addToRollups } from "../../../services/adapters/mysql/rollup-rows.ts";
import { LockedRanges } from "../../../services/adapters/mysql/settled-rows.ts";
import { STORE_BYTES_MAX } from "../../../services/domain/limits.ts";
import type { LoggedBatch } from "../../../services/domain/logged-batch.ts";
import type { DeadLetterTable } from "../../../services/ports/dead-letter-table.ts";
import { changed } from "../fresh-parts.ts";
import { IngestDoor, type SentRecord } from "../ingest-door.ts";
import type { PlantedBug } from "../planted-bug.ts";
import type { PlantedRun } from "../planted-run.ts";
import { STATISTICS_DIFFER } from "../statistics-differ.ts";
import { type Fronts, mysqlSettings, sinkOf, startLetterTable, startWorker } from "../worker-process.ts";

type Replaying = typeof import("../../../services/adapters/mysql/replay-transaction.ts");
type Undecodable = typeof import("../../../services/worker/undecodable.ts");

const NARROW_BYTES = 11;
const LETTERS_MAX = 1_000;
const signal = AbortSignal.timeout(600_000);

/** 9: the letter is still on its way when the offset is committed, and never arrives. */
export const committedBeforeLetterKept: PlantedBug = {
  planted: "a delivery is committed before its dead letters are kept",
  needs: { stores: ["mysql"], mayDeadLetter: true, letterTable: true },
  async scene(run) {
    const refused = await refusedByMysql(run, {
      deadLetters: (letters) => run.orPlanted(letters, () => ({ keep: async () => {} })),
    });
    return [
      `${refused.length} acknowledged records lost in mysql`,
      `${refused.length} records of the topic that mysql does not hold`,
    ];
  },
};

/** 14: the answer to the first replay was lost, so somebody asks again. */
export const replayCountedTwice: PlantedBug = {
  planted: "a dead letter that is replayed twice is counted twice",
  statistics: "too high",
  needs: { stores: ["mysql"], mayDeadLetter: true, letterTable: true },
  modules: () => [
    changed<Replaying>("adapters/mysql/replay-transaction.ts", () => ({
      async replayBatch(connection, _key, batch) {
        await storeWhateverIsThere(connection, batch);
        return { is: "stored" };
      },
    })),
  ],
  async scene(run) {
    const refused = await refusedByMysql(run);
    await alterRecords(run, "severity_text VARBINARY(64) NOT NULL");
    const { parts } = run;
    const connections = new parts.MysqlConnections(mysqlSettings(run));
    run.atTheEnd(() => connections.close());
    const table = new parts.MysqlDeadLetterTable(connections, run.clock());
    const replay = new parts.MysqlDeadLetterReplay(connections, run.clock(), []);
    const page = { limit: LETTERS_MAX, originalBytesMax: STORE_BYTES_MAX };
    const letters = await table.list({ tenant: "default", state: "open" }, page, signal);
    if (letters.length !== refused.length) throw new Error(`${letters.length} of ${refused.length} letters are listed`);
    for (const letter of letters) {
      await replay.replay(letter, signal);
      await replay.replay(letter, signal);
    }
    return [STATISTICS_DIFFER];
  },
};

/** 16: what nobody can read is passed over without a word. */
export const unreadablePassedOver: PlantedBug = {
  planted: "messages that are no batches are passed over without a dead letter",
  needs: { stores: ["elasticsearch"], partitions: 1 },
  modules: () => [
    changed<Undecodable>("worker/undecodable.ts", ({ decodeMessages }) => ({
      decodeMessages: (store, messages) => decodeMessages(store, messages, []),
    })),
  ],
  async scene(run) {
    const door = await IngestDoor.open(run);
    const sender = door.sender();
    await door.send(sender, 50);
    await door.intrude(0, Buffer.from("plain text\n"));
    await door.intrude(0, Buffer.from('{"service":"json","message":"is no protobuf"}'));
    await door.send(sender, 50);
    await startWorker(run, "elasticsearch");
    await run.drained();
    return ["2 unreadable messages without a dead letter of elasticsearch"];
  },
};

/** 17: nobody can list or replay what stands in the topic alone. */
export const tableNotFilled: PlantedBug = {
  planted: "dead letters are committed before their table has them",
  needs: { stores: ["mysql"], mayDeadLetter: true, letterTable: true },
  async scene(run) {
    const answersAtOnce = (table: DeadLetterTable): DeadLetterTable => ({
      prepare: () => table.prepare(),
      fill: async ({ length }) => length,
      list: (...query) => table.list(...query),
      count: (...query) => table.count(...query),
      settle: (...letter) => table.settle(...letter),
      forgetBefore: (...time) => table.forgetBefore(...time),
    });
    const refused = await refusedByMysql(run, { table: (table) => run.orPlanted(table, answersAtOnce) });
    return [`${refused.length} differences between the topic and the table of dead letters`];
  },
};

/** Sends records of which MySQL cannot take some, since somebody has made one of its columns narrower. */
async function refusedByMysql(run: PlantedRun, fronts: Fronts = {}): Promise<SentRecord[]> {
  const sink = sinkOf(run, "mysql");
  await sink.prepare();
  await sink.close();
  await alterRecords(run, `severity_text VARBINARY(${NARROW_BYTES}) NOT NULL`);
  const door = await IngestDoor.open(run);
  const [one, other] = [door.sender(), door.sender()];
  const sent = [...(await door.send(one, 100)), ...(await door.send(other, 100))];
  await startWorker(run, "mysql", fronts);
  await startLetterTable(run, fronts);
  await run.drained();
  return sent.filter(({ invalid, record }) => !invalid && Buffer.byteLength(record.severityText) > NARROW_BYTES);
}

async function alterRecords({ places }: PlantedRun, column: string): Promise<void> {
  const connection = await createConnection(places.mysqlUrl);
  await connection.query(`ALTER TABLE records MODIFY ${column}`);
  await connection.end();
}

/** A replay that looks neither at the letter's state nor at what is stored. */
async function storeWhateverIsThere(connection: PoolConnection, batch: LoggedBatch): Promise<void> {
  await lockFirstDay(connection);
  const ranges = await LockedRanges.lock(connection, [batch]);
  const records = batch.records.map((logged) => ({ batch, logged }));
  const { good } = await insertGood(connection, records);
  await addToRollups(connection, good, Date.now());
  for (const { seq } of batch.records) ranges.of(batch).add(seq, seq);
  await ranges.save(connection);
}
