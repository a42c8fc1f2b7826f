import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import { readLedger } from "../ledger/read-ledger.ts";
import { checkExports, type StoreExport } from "./check-exports.ts";
import type { CheckResult } from "./check-result.ts";
import { exportElasticsearch } from "./export-elasticsearch.ts";
import { exportLetterRows, exportLetters } from "./export-letters.ts";
import { exportMysql } from "./export-mysql.ts";
import { exportRollups } from "./export-rollups.ts";
import { KafkaLog } from "./kafka-log.ts";
import { MysqlReader } from "./mysql-reader.ts";
import { FULL_MODE_STORES, type StoreName } from "./stored-copy.ts";

/** Where a run's data is. Of the stores, only what is checked need be there. */
export interface RunPlaces {
  kafkaBrokers: readonly string[];
  elasticsearchUrl: string;
  /** mysql://user:password@host:port/database */
  mysqlUrl: string;
  /** KAFKA_TOPIC_PREFIX of the run; a store's group is PREFIX-STORE. */
  topicPrefix: string;
  /** ELASTICSEARCH_INDEX_PREFIX of the run. */
  indexPrefix: string;
}

/** What is to be checked. */
export interface CheckRequest {
  /** The file that `Ledger` wrote. */
  ledgerFile: string;
  places: RunPlaces;
  /** Default: both. */
  stores?: readonly StoreName[];
  /** Default: "default". */
  tenant?: string;
  /** The drop rule of the run. Default: nothing is dropped. */
  isDropped?: (record: LogRecord) => boolean;
  /** True where valid records may become dead letters in this run. Default: that is a problem. */
  mayDeadLetter?: boolean;
  /** True where a process fills the table of dead letters. Default: it is not looked at. */
  letterTable?: boolean;
}

/**
 * Compares what the ledger says was sent and acknowledged with what the topic, the stores, the dead letters and the
 * statistics hold. The run must be over, its processes may run on or not; see `waitUntilDrained`.
 *
 * Needs about 50 bytes of memory for each record, and reads everything once.
 *
 * @throws Error where a server does not answer or holds what cannot be read at all.
 */
export async function checkRun(request: CheckRequest): Promise<CheckResult> {
  const { ledgerFile, places, stores = FULL_MODE_STORES, tenant = "default" } = request;
  const { topicPrefix, elasticsearchUrl, indexPrefix } = places;
  const kafka = new KafkaLog(places.kafkaBrokers);
  const mysql = new MysqlReader(places.mysqlUrl);
  const exportOf = (store: StoreName): StoreExport => ({
    store,
    copies: store === "mysql" ? exportMysql(mysql) : exportElasticsearch(elasticsearchUrl, indexPrefix),
    lag: () => lagOf(kafka, topicPrefix, store),
  });
  try {
    return await checkExports(
      {
        ledger: readLedger(ledgerFile),
        topic: kafka.messages(`${topicPrefix}-batches`),
        letters: exportLetters(kafka, topicPrefix),
        letterRows: request.letterTable ? exportLetterRows(mysql) : undefined,
        stores: stores.map(exportOf),
        rollups: stores.includes("mysql") ? { of: "mysql", read: () => exportRollups(mysql, tenant) } : undefined,
      },
      { tenant, isDropped: request.isDropped ?? (() => false), mayDeadLetter: request.mayDeadLetter ?? false },
    );
  } finally {
    mysql.close();
    await kafka.close();
  }
}

/** Messages that a store's group has not committed; committed beyond the end counts too. */
export function lagOf(kafka: KafkaLog, topicPrefix: string, store: StoreName): Promise<number> {
  return lagOfGroup(kafka, `${topicPrefix}-batches`, `${topicPrefix}-${store}`);
}

/** The same of dead letters, and the group that fills their table. */
export function lagOfLetterTable(kafka: KafkaLog, topicPrefix: string): Promise<number> {
  return lagOfGroup(kafka, `${topicPrefix}-dead-letters`, `${topicPrefix}-dead-letter-table`);
}

async function lagOfGroup(kafka: KafkaLog, topic: string, group: string): Promise<number> {
  const positions = await kafka.positions(topic, group);
  return positions.reduce((sum, { end, committed }) => sum + Math.abs(Number(end - committed)), 0);
}
