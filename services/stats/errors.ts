import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ErrorFiguresSchema } from "../../gen/logpulse/v1/stats_service_pb.ts";
import type { RequestSum } from "./request-sums.ts";
import type { Statistic } from "./stats-answer.ts";

type Figures = MessageInitShape<typeof ErrorFiguresSchema>;

/** How requests ended. */
export const ERRORS: Statistic<Figures> = {
  countsClients: false,
  figures: errorFigures,
  countsTold: ({ tally }) => tally.statuses.size,
  method: "exact counts of each status, by the minute of the requests' own time",
  maxRelativeError: () => 0,
};

function errorFigures({ tally }: RequestSum): Figures {
  const countFrom = (first: number) =>
    tally.statuses
      .entries()
      .reduce((sum, [status, count]) => sum + (Math.floor(status / 100) === first ? count : 0), 0);
  return {
    requests: tally.requests,
    clientErrors: countFrom(4),
    serverErrors: countFrom(5),
    statuses: Object.fromEntries(tally.statuses),
  };
}
