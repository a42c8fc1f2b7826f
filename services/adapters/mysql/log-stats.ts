import type { RowDataPacket } from "mysql2/promise";
import { HyperLogLog } from "../../domain/hyperloglog.ts";
import { STORE_QUERY_MS_MAX } from "../../domain/limits.ts";
import { addTally, newTally } from "../../domain/rollup.ts";
import type {
  BusiestGroups,
  ClientsCell,
  LogStats,
  RequestsCell,
  StatsGroup,
  StatsGrouping,
  StatsSelection,
} from "../../ports/log-stats.ts";
import { GroupCounts, groupingOf, groupOf, StatsCells, seriesConditions, toldBy } from "../../ports/stats-cells.ts";
import type { MysqlConnections } from "./connections.ts";
import { askWithin } from "./costly-query.ts";
import { forEachRollup, type RollupQuestion } from "./rollup-questions.ts";
import { TALLY_COLUMNS, tallyOf } from "./tally-columns.ts";

const STATEMENT_VALUES_BYTES_MAX = 1024 * 1024; // Twice as long in its text; the server takes 16 MiB at least.

/**
 * Sums rollups. It reads the rows of all hours that are asked for and summed up, and of the minutes beside them, in the
 * order of the primary key: those of all requests, or, where services or paths are told apart, those of all series.
 */
export class MysqlLogStats implements LogStats {
  private readonly connections: MysqlConnections;
  private readonly queryMsMax: number;

  /** `queryMsMax`: of one call, however many statements it takes. */
  constructor(connections: MysqlConnections, queryMsMax = STORE_QUERY_MS_MAX) {
    this.connections = connections;
    this.queryMsMax = queryMsMax;
  }

  /** The server adds up by the key of a series: longer texts it would compare by their first 1,024 bytes only. */
  async busiest(
    selection: StatsSelection,
    grouping: StatsGrouping,
    size: number,
    signal: AbortSignal,
  ): Promise<BusiestGroups> {
    const counts = new GroupCounts(grouping);
    const question: RollupQuestion = {
      of: "requests",
      selection,
      stepMinutes: undefined,
      told: toldBy(selection, grouping),
      conditions: seriesConditions(selection),
      columns: ["MIN(service) AS service", "MIN(path) AS path", "SUM(requests) AS requests"],
      groupBy: "series",
    };
    await this.forEachRow(question, performance.now() + this.queryMsMax, signal, (row) => {
      counts.add(textOf(row.service), textOf(row.path), Number(row.requests));
    });
    return counts.busiest(size);
  }

  async requests(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    groups: readonly StatsGroup[] | undefined,
    signal: AbortSignal,
  ): Promise<RequestsCell[]> {
    const endMs = performance.now() + this.queryMsMax;
    const cells = new StatsCells(selection, stepMinutes, newTally);
    const grouping = groups?.[0] && groupingOf(groups[0]);
    for (const some of groups ? withinStatements(groups, groupTexts) : [undefined]) {
      const conditions = seriesConditions(selection, some);
      const told = toldBy(selection, grouping);
      const columns = [...TALLY_COLUMNS, ...(grouping ? ["service", "path"] : [])];
      const question: RollupQuestion = { of: "requests", selection, stepMinutes, told, conditions, columns };
      await this.forEachRow(question, endMs, signal, (row) => {
        const group = grouping && groupOf(textOf(row.service), textOf(row.path), grouping);
        addTally(cells.at(group, Number(row.minute)), tallyOf(row));
      });
    }
    return cells.map((group, minute, tally) => ({ group, minute, tally }));
  }

  async clients(
    selection: StatsSelection,
    stepMinutes: number | undefined,
    services: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<ClientsCell[]> {
    const endMs = performance.now() + this.queryMsMax;
    const cells = new StatsCells(selection, stepMinutes, () => new HyperLogLog());
    for (const some of services ? withinStatements(services, (service) => [service]) : [undefined]) {
      const groups = some?.map((service) => ({ service, path: undefined }));
      const conditions = seriesConditions(selection, groups);
      const columns = ["sketch", ...(some ? ["service"] : [])];
      const told = { service: true, path: false };
      const question: RollupQuestion = { of: "clients", selection, stepMinutes, told, conditions, columns };
      await this.forEachRow(question, endMs, signal, (row) => {
        const group = some && groupOf(textOf(row.service), "", "service");
        cells.at(group, Number(row.minute)).merge(HyperLogLog.decode(row.sketch as Buffer));
      });
    }
    return cells.map((group, minute, clients) => ({ service: group?.service, minute, clients }));
  }

  check(): Promise<void> {
    return this.connections.check();
  }

  private async forEachRow(
    question: RollupQuestion,
    endMs: number,
    signal: AbortSignal,
    take: (row: RowDataPacket) => void,
  ): Promise<void> {
    const msLeft = Math.max(1, Math.ceil(endMs - performance.now()));
    await askWithin(this.connections, msLeft, signal, (connection) => forEachRollup(connection, question, take));
  }
}

/** In parts that each fit a statement: a thousand paths may be longer than the server takes. */
function withinStatements<Thing>(things: readonly Thing[], textsOf: (thing: Thing) => string[]): Thing[][] {
  const parts: Thing[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const thing of things) {
    const more = textsOf(thing).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    bytes += more;
    if (bytes > STATEMENT_VALUES_BYTES_MAX) {
      parts.push([]);
      bytes = more;
    }
    parts.at(-1)!.push(thing);
  }
  return parts;
}

function groupTexts({ service = "", path = "" }: StatsGroup): string[] {
  return [service, path];
}

function textOf(bytes: unknown): string {
  return (bytes as Buffer).toString();
}
