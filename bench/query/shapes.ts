import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { type Client, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { QueryService, type SearchLogsRequestSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { StatsGrouping, StatsService, StatsStep } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { msToNanos, nanosToTimestamp, timestampToNanos } from "../../services/domain/record-time.ts";
import { ASKED, type QueryCorpus } from "./corpus.ts";
import type { Percentiles } from "./elasticsearch.ts";

const HOUR_MS = 3_600_000;
const NANOS_PER_MS = 1_000_000;
const PAGE_SIZE = 100;

/** The two services, asked by gRPC. */
export interface Clients {
  query: Client<typeof QueryService>;
  stats: Client<typeof StatsService>;
}

/** A question, and how many things its answer has: none would be a question that measures nothing. */
export interface Shape {
  name: string;
  /** Of a search. */
  request?: MessageInitShape<typeof SearchLogsRequestSchema>;
  ask(clients: Clients): Promise<number>;
}

/** Clients of an installation, over one connection each. */
export function clientsOf(url: string): Clients {
  const transport = () => createGrpcTransport({ baseUrl: url });
  return { query: createClient(QueryService, transport()), stats: createClient(StatsService, transport()) };
}

/** The twelve questions, over the records of the corpus. */
export function shapes(corpus: QueryCorpus): Shape[] {
  const at = (ms: number) => nanosToTimestamp(msToNanos(ms));
  const day = dayOf(corpus);
  const middle = corpus.startMs + 12 * HOUR_MS;
  const quarter = { startTime: at(middle), endTime: at(middle + HOUR_MS / 4) };
  return [
    search("last 100", ""),
    search("last 100 of a level", `level:${ASKED.level}`),
    search("last 100 of a service", `service:${ASKED.service}`),
    search("common word", ASKED.commonWord),
    search("rare word", ASKED.rareWord),
    search("phrase", `"${ASKED.phrase}"`),
    search("word, level, 15 minutes", `stock level:${ASKED.level}`, quarter),
    search("trace id", `trace:${corpus.traceId(Math.floor(corpus.count / 2))}`),
    search("prefix of a word", `${ASKED.prefix}*`),
    {
      name: "count by level per minute of the day",
      ask: async ({ query }) => (await query.getHistogram({ ...lastMinutes(day, 1_000), bucketsMax: 1_000 })).total,
    },
    {
      name: "top 10 services of the day",
      ask: async ({ query }) => (await query.getFacets({ ...day, fields: ["service"] })).facets[0]?.values.length ?? 0,
    },
    {
      name: "p95 latency by path per hour of the day",
      ask: async (clients) => (await latencyByPath(clients, day)).size,
    },
  ];

  function lastMinutes({ endTime }: typeof day, minutes: number) {
    const endMs = corpus.startMs + 24 * HOUR_MS;
    return { startTime: at(endMs - minutes * 60_000), endTime, bucketWidth: { seconds: 60n } };
  }
}

function search(name: string, query: string, times: { startTime?: Timestamp; endTime?: Timestamp } = {}): Shape {
  const request = { query, pageSize: PAGE_SIZE, ...times };
  return { name, request, ask: async ({ query: client }) => (await client.searchLogs(request)).logs.length };
}

/** The day of the corpus, as a range of time. */
export function dayOf({ startMs }: QueryCorpus) {
  const at = (ms: number) => nanosToTimestamp(msToNanos(ms));
  return { startTime: at(startMs), endTime: at(startMs + 24 * HOUR_MS) };
}

/** p95 of latency of every path for each hour. */
export async function latencyByPath({ stats }: Clients, day: object): Promise<Percentiles> {
  const { groups } = await stats.getLatency({
    ...day,
    step: StatsStep.HOUR,
    grouping: StatsGrouping.PATH,
    groupsMax: 100,
  });
  return new Map(
    groups.flatMap(({ path, points }) =>
      points.map(({ startTime, figures }) => {
        const hour = timestampToNanos(startTime!) / 3_600_000_000_000n;
        return [`${hour} ${path}`, figures!.p95Ms! * NANOS_PER_MS] as const;
      }),
    ),
  );
}

/** p95 of latency of everything. */
export async function latencyOf({ stats }: Clients, day: object): Promise<Percentiles> {
  const { all } = await stats.getLatency(day);
  return new Map([["", all!.p95Ms! * NANOS_PER_MS]]);
}
