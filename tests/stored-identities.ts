import { Client } from "@elastic/elasticsearch";
import mysql from "mysql2/promise";
import type { FullMode } from "./full-mode.ts";
import type { RealServers } from "./real-servers.ts";

const PAGE = 5_000;
/** Documents that stand in the place of rejected records are none. */
const RECORDS = { bool: { must_not: [{ exists: { field: "settled" } }] } };

/** Looks into the stores themselves, past LogPulse: which identities they hold, and how often. */
export class StoredIdentities {
  readonly elasticsearch: Client;
  readonly mysql: mysql.Pool;
  private readonly index: string;

  constructor(servers: RealServers, { names }: FullMode) {
    this.elasticsearch = new Client({ node: servers.elasticsearchUrl });
    this.mysql = mysql.createPool({ uri: names.mysqlUrl, connectionLimit: 2 });
    this.index = `${names.indexPrefix}-*`;
  }

  /** `<producer>-<seq>` of every record's document, each as often as it stands there. */
  async inElasticsearch(): Promise<string[]> {
    await this.elasticsearch.indices.refresh({ index: this.index });
    const ids: string[] = [];
    let after: (string | number)[] | undefined;
    for (;;) {
      const { hits } = await this.elasticsearch.search<{ producer: string; seq: number }>({
        index: this.index,
        size: PAGE,
        query: RECORDS,
        _source: ["producer", "seq"],
        sort: ["producer", "seq"],
        search_after: after,
      });
      ids.push(...hits.hits.map((hit) => `${hit._source!.producer}-${hit._source!.seq}`));
      // A page may end between two documents of one identity: going on behind it would hide the second.
      if (hits.hits.length === 0) return this.withCount(ids);
      after = hits.hits.at(-1)!.sort as (string | number)[];
    }
  }

  /** `<producer>-<seq>` of every row. */
  async inMysql(): Promise<string[]> {
    const [rows] = await this.mysql.query<mysql.RowDataPacket[]>(
      "SELECT LOWER(HEX(producer)) AS producer, seq FROM records",
    );
    return rows.map((row) => `${row.producer}-${row.seq}`);
  }

  /** Of one producer: records by status. */
  async statusesInElasticsearch(producer: string): Promise<Record<string, number>> {
    const { aggregations } = await this.elasticsearch.search({
      index: this.index,
      size: 0,
      query: { term: { producer } },
      aggs: { statuses: { terms: { field: "http.status", size: 1_000 } } },
    });
    const { buckets } = aggregations!.statuses as { buckets: { key: number; doc_count: number }[] };
    return Object.fromEntries(buckets.map(({ key, doc_count }) => [key, doc_count]));
  }

  /** Of one producer: records by status. */
  async statusesInMysql(producer: string): Promise<Record<string, number>> {
    const [rows] = await this.mysql.query<mysql.RowDataPacket[]>(
      "SELECT status, COUNT(*) AS records FROM records WHERE producer = UNHEX(?) AND has_http GROUP BY status",
      [producer],
    );
    return Object.fromEntries(rows.map((row) => [row.status, Number(row.records)]));
  }

  async close(): Promise<void> {
    await this.elasticsearch.close();
    await this.mysql.end();
  }

  private async withCount(ids: string[]): Promise<string[]> {
    const { count } = await this.elasticsearch.count({ index: this.index, query: RECORDS });
    if (count !== ids.length) throw new Error(`Elasticsearch counts ${count} documents where ${ids.length} were read`);
    return ids;
  }
}
