import { toJsonString } from "@bufbuild/protobuf";
import {
  GetErrorsResponseSchema,
  GetLatencyResponseSchema,
  GetTrafficResponseSchema,
  type StatsCoverage,
} from "../../gen/logpulse/v1/stats_service_pb.ts";
import type { CommandContext } from "../command.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { coverageLines } from "./coverage-text.ts";
import { ERRORS_TABLE, type FigureTable, LATENCY_TABLE, TRAFFIC_TABLE } from "./figure-columns.ts";
import { readStatsQuestion, type StatsQuestion } from "./read-stats-question.ts";
import type { StatsFigures } from "./stats-rows.ts";
import { statsTableLines } from "./stats-table.ts";

const STATISTICS = "latency, errors, traffic";

/** An answer, and how it is told. */
interface Told {
  coverage: StatsCoverage;
  groups: number;
  json(): string;
  lines(): string[];
}

/** Runs `logpulse stats`. */
export async function runStats(context: CommandContext): Promise<ExitCode> {
  const { terminal, nowMs } = context;
  const question = readStatsQuestion(context);
  const told = await ask(context, question);
  for (const line of terminal.isJson ? [told.json()] : told.lines()) await terminal.print(line);
  if (terminal.isJson) return EXIT.done; // It has the coverage in it.
  for (const line of coverageLines(told.coverage, told.groups, question, nowMs(), terminal.zone)) terminal.say(line);
  return EXIT.done;
}

async function ask({ words, connection, terminal, signal }: CommandContext, question: StatsQuestion): Promise<Told> {
  const tell = <Answer extends StatsFigures<Figures> & { coverage?: StatsCoverage }, Figures>(
    answer: Answer,
    table: FigureTable<Figures>,
    json: () => string,
  ): Told => ({
    coverage: answer.coverage!,
    groups: answer.groups.length,
    json,
    lines: () => statsTableLines(answer, table, question, terminal),
  });
  const { request } = question;
  switch (words[0]) {
    case "latency": {
      const answer = await connection.stats.getLatency(request, { signal });
      return tell(answer, LATENCY_TABLE, () => toJsonString(GetLatencyResponseSchema, answer));
    }
    case "errors": {
      const answer = await connection.stats.getErrors(request, { signal });
      return tell(answer, ERRORS_TABLE, () => toJsonString(GetErrorsResponseSchema, answer));
    }
    case "traffic": {
      const answer = await connection.stats.getTraffic(request, { signal });
      return tell(answer, TRAFFIC_TABLE, () => toJsonString(GetTrafficResponseSchema, answer));
    }
    default:
      throw new CommandFailure(EXIT.usage, `there are no statistics of "${words[0]}"; there are ${STATISTICS}`);
  }
}
