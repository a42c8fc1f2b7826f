import { status } from "@grpc/grpc-js";
import { exportAll } from "../../cli/asking/export-all.ts";
import { ServerConnection } from "../../cli/connection.ts";
import type { GrpcClient } from "../../envoy/testing/grpc-client.ts";
import { AdminService } from "../../gen/logpulse/v1/admin_service_pb.ts";
import { Order, QueryService } from "../../gen/logpulse/v1/query_service_pb.ts";
import { StatsService } from "../../gen/logpulse/v1/stats_service_pb.ts";
import type { MakeCall } from "./call-loop.ts";
import { wordsOf } from "./writers.ts";

const EXPORT_MS_MAX = 30_000;
const ROUTES = ["/logs/search?q=record", "/v1/logs:search?query=record", "/stats?type=traffic", "/v1/stats/latency"];

/** Searches, statistics and dead letters in turn, by gRPC. */
export function grpcReader(client: GrpcClient): MakeCall {
  const questions = [
    () => client.call(QueryService.method.searchLogs, { query: "record" }),
    () => client.call(StatsService.method.getErrors, {}),
    () => client.call(AdminService.method.listDeadLetters, {}),
  ];
  let asked = 0;
  return async (fail) => {
    const outcome = await questions[asked++ % questions.length]!();
    if (outcome.status.code !== status.OK) fail(wordsOf(outcome));
  };
}

/** Searches and statistics in turn, by REST. */
export function restReader(url: string): MakeCall {
  let asked = 0;
  return async (fail) => {
    const route = ROUTES[asked++ % ROUTES.length]!;
    const answer = await fetch(url + route);
    const text = await answer.text();
    if (answer.status !== 200) fail(`${route}: ${answer.status} ${text}`);
  };
}

/** Exports of all records of a service, each of which must have as many as the one before at least. */
export function exporter(address: string, query: string): MakeCall {
  let recordsBefore = 0;
  return async (fail) => {
    const connection = new ServerConnection(address, EXPORT_MS_MAX);
    const signal = AbortSignal.timeout(EXPORT_MS_MAX);
    const seen = new Set<string>();
    let repeats = 0;
    const take = async ({ id }: { id: string }) => {
      if (seen.has(id)) repeats++;
      seen.add(id);
    };
    try {
      const { missing } = await exportAll(
        connection,
        { query, filter: undefined, order: Order.NEWEST_FIRST, startTime: undefined, endTime: undefined },
        take,
        signal,
        () => undefined,
      );
      if (missing !== undefined) fail(`records are missing: ${missing}`);
      if (repeats > 0) fail(`${repeats} records came twice`);
      if (seen.size < recordsBefore) fail(`${seen.size} records, after ${recordsBefore}`);
      recordsBefore = Math.max(recordsBefore, seen.size);
    } finally {
      connection.close();
    }
  };
}
