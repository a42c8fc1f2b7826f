import {
  GetErrorsResponseSchema,
  GetLatencyResponseSchema,
  GetTrafficResponseSchema,
  StatsService,
} from "../../gen/logpulse/v1/stats_service_pb.ts";
import { defineService, unary } from "../ports/service-handlers.ts";
import { ERRORS } from "./errors.ts";
import { getStats } from "./get-stats.ts";
import { LATENCY } from "./latency.ts";
import { answerMessage, answerStats } from "./stats-answer.ts";
import type { StatsParts } from "./stats-parts.ts";
import { TRAFFIC } from "./traffic.ts";

/** The handlers of StatsService. */
export function statsService(parts: StatsParts) {
  return defineService(StatsService, {
    getStats: unary((request, context) => getStats(parts, request, context)),
    getLatency: unary(async (request, context) =>
      answerMessage(GetLatencyResponseSchema, await answerStats(parts, LATENCY, request, context)),
    ),
    getErrors: unary(async (request, context) =>
      answerMessage(GetErrorsResponseSchema, await answerStats(parts, ERRORS, request, context)),
    ),
    getTraffic: unary(async (request, context) =>
      answerMessage(GetTrafficResponseSchema, await answerStats(parts, TRAFFIC, request, context)),
    ),
  });
}
