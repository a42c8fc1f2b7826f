import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TrafficFiguresSchema } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { HYPERLOGLOG_STANDARD_ERROR } from "../domain/hyperloglog.ts";
import type { RequestSum } from "./request-sums.ts";
import type { Statistic } from "./stats-answer.ts";

type Figures = MessageInitShape<typeof TrafficFiguresSchema>;

/** How many requests there were. */
export const TRAFFIC: Statistic<Figures> = {
  countsClients: true,
  figures: trafficFigures,
  method:
    "exact counts and bytes, by the minute of the requests' own time; distinct addresses, known by service, from " +
    "sketches of 16,384 registers (HyperLogLog)",
  // Of a path distinct addresses are not told; of what is normally distributed, 95 of 100 lie within two standard errors.
  maxRelativeError: ({ path }) => (path === undefined ? 2 * HYPERLOGLOG_STANDARD_ERROR : 0),
};

function trafficFigures({ tally, clients }: RequestSum): Figures {
  return {
    requests: tally.requests,
    responseBytes: Number(tally.responseBytes),
    uniqueIps: clients && Math.round(clients.estimate()),
  };
}
