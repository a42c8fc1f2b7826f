/**
 * The floor of the full mode: a process that does nothing but load the records that bench/load/stream-load.ts sends into
 * Elasticsearch and MySQL, both at once, in bulks and transactions of thousands, two of each at a time. No log, no settled
 * ranges, no sums. What is ready before it begins is the records; their documents and rows it makes as it goes. Its one
 * argument is a `BareStoreLoad` as JSON; it prints a `BareStoreLoadResult`.
 */
import { makeUuidV7 } from "../../services/domain/identity.ts";
import { loadElasticsearch } from "./load-elasticsearch.ts";
import { loadMysql } from "./load-mysql.ts";
import { chunksOf, recordsToLoad } from "./records-to-load.ts";

/** Where to, and how many. */
export interface BareStoreLoad {
  elasticsearchUrl: string;
  /** The index is there or made by a template, the table `records` of the database is there. */
  index: string;
  mysqlUrl: string;
  producers: number;
  recordsPerProducer: number;
  recordsPerBatch: number;
}

/** What it took. */
export interface BareStoreLoadResult {
  wallSeconds: number;
  elasticsearchSeconds: number;
  mysqlSeconds: number;
  cpuSeconds: number;
  /** In hexadecimal digits; each with the seqs from 0 on. */
  producers: string[];
}

const RECORDS_PER_CHUNK = 5_000;
const IN_FLIGHT = 2;

async function main(load: BareStoreLoad): Promise<void> {
  const records = recordsToLoad(load.recordsPerBatch, Date.now());
  const producers = Array.from({ length: load.producers }, newProducer);
  const chunks = () => chunksOf(producers, load.recordsPerProducer, RECORDS_PER_CHUNK);
  const [cpuBefore, startMs] = [process.cpuUsage(), performance.now()];
  const seconds = () => (performance.now() - startMs) / 1_000;
  const [elasticsearchSeconds, mysqlSeconds] = await Promise.all([
    loadElasticsearch(load.elasticsearchUrl, load.index, chunks(), records, IN_FLIGHT).then(seconds),
    loadMysql(load.mysqlUrl, chunks(), records, IN_FLIGHT).then(seconds),
  ]);
  const { user, system } = process.cpuUsage(cpuBefore);
  const result: BareStoreLoadResult = {
    wallSeconds: Math.max(elasticsearchSeconds, mysqlSeconds),
    elasticsearchSeconds,
    mysqlSeconds,
    cpuSeconds: (user + system) / 1e6,
    producers,
  };
  console.log(JSON.stringify(result));
}

function newProducer(): string {
  return Buffer.from(makeUuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)))).toString("hex");
}

await main(JSON.parse(process.argv[2]!) as BareStoreLoad);
