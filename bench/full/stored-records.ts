import { setTimeout as sleep } from "node:timers/promises";
import mysql from "mysql2/promise";
import { documentId } from "../../services/adapters/elasticsearch/bulk.ts";
import { indexPatterns } from "../../services/adapters/elasticsearch/index-template.ts";
import { producerDay } from "../../services/domain/identity.ts";
import { SettledRanges } from "../../services/domain/settled-ranges.ts";
import { addBatch, type Identities } from "../measure/identities.ts";

const TENANT = "default";
const PAGE = 10_000;
const LOOK_MS = 50; // Each look costs the stores about a millisecond.
const STORED_MS_MAX = 600_000;

/** Producers that each have the seqs from 0 to below that number. */
export interface Sent {
  /** 32 hexadecimal digits. */
  producers: string[];
  recordsPerProducer: number;
}

/** What both stores hold, seen past LogPulse. */
export class StoredRecords {
  private readonly indicesUrl: string;
  private readonly connections: mysql.Pool;

  constructor(elasticsearchUrl: string, indexPrefix: string, mysqlUrl: string) {
    this.indicesUrl = `${elasticsearchUrl}/${indexPatterns(indexPrefix).join(",")}`;
    this.connections = mysql.createPool({ uri: mysqlUrl, connectionLimit: 2, supportBigNumbers: true });
  }

  /** Documents that Elasticsearch has written since it was started: known at once, not with the next refresh. */
  async documentsWritten(): Promise<number> {
    const answer = await this.ask("/_stats/indexing?filter_path=_all.primaries.indexing.index_total");
    const { _all } = answer as { _all?: { primaries: { indexing: { index_total: number } } } };
    return _all?.primaries.indexing.index_total ?? 0; // Without an index it tells nothing.
  }

  /** When Elasticsearch had written so many documents, by `performance.now()`. @throws Error: not within ten minutes. */
  untilWritten(documents: number): Promise<number> {
    return until(async () => (await this.documentsWritten()) >= documents, `${documents} documents`);
  }

  /** The same of MySQL, when every record of these was settled. */
  untilSettled({ producers, recordsPerProducer }: Sent): Promise<number> {
    const statement = "SELECT ranges FROM settled_seqs WHERE producer IN (?)";
    const ids = producers.map((producer) => Buffer.from(producer, "hex"));
    return until(async () => {
      const [rows] = await this.connections.query<mysql.RowDataPacket[]>(statement, [ids]);
      return rows.filter(({ ranges }) => isWhole(ranges as Buffer, recordsPerProducer)).length === producers.length;
    }, "settled records");
  }

  /** Those of these producers, as often as they stand in the index. */
  async inElasticsearch(producers: readonly string[]): Promise<Identities> {
    await this.ask("/_refresh");
    const kept: Identities = {};
    for (const producer of producers) {
      for (let after: number[] | undefined; ; ) {
        const hits = await this.page(producer, after);
        for (const { _id, sort } of hits) {
          if (_id !== documentId(TENANT, producer, sort[0]!)) throw new Error(`${_id} has the seq ${sort[0]}`);
          addBatch(kept, producer, sort[0]!, 1);
        }
        after = hits.at(-1)?.sort;
        if (after === undefined) break;
      }
    }
    return kept;
  }

  /** Those of these producers, as often as they stand in the table. */
  async inMysql(producers: readonly string[]): Promise<Identities> {
    const kept: Identities = {};
    for (const producer of producers) {
      const [rows] = await this.connections.query<mysql.RowDataPacket[]>(
        "SELECT seq FROM records WHERE producer_day = ? AND tenant = ? AND producer = ? ORDER BY seq",
        [producerDay(producer), TENANT, Buffer.from(producer, "hex")],
      );
      for (const { seq } of rows) addBatch(kept, producer, Number(seq), 1);
    }
    return kept;
  }

  close(): Promise<void> {
    return this.connections.end();
  }

  /** An id is in an index once, and tells its seq: going on behind a seq skips nothing. */
  private async page(producer: string, after: number[] | undefined): Promise<{ _id: string; sort: number[] }[]> {
    const query = { term: { producer } };
    const search = { query, size: PAGE, sort: ["seq"], _source: false, track_total_hits: false, search_after: after };
    const { hits } = (await this.ask("/_search", search)) as { hits: { hits: { _id: string; sort: number[] }[] } };
    return hits.hits;
  }

  private async ask(path: string, body?: object): Promise<unknown> {
    const json = { "content-type": "application/json" };
    const init = body && { method: "POST", headers: json, body: JSON.stringify(body) };
    const answer = await fetch(`${this.indicesUrl}${path}`, init);
    if (!answer.ok) throw new Error(`Elasticsearch answered ${answer.status} to ${path}: ${await answer.text()}`);
    return answer.json();
  }
}

function isWhole(encoded: Buffer, records: number): boolean {
  const ranges = SettledRanges.decode(encoded);
  return ranges.count === 1 && ranges.contains(0) && ranges.contains(records - 1);
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<number> {
  const endMs = performance.now() + STORED_MS_MAX;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`there are no ${what} within ${STORED_MS_MAX} ms`);
    await sleep(LOOK_MS);
  }
  return performance.now();
}
