import type { ErrorFigures, LatencyFigures, TrafficFigures } from "../../gen/logpulse/v1/stats_service_pb.ts";
import { bytesText, durationText, fullCountText, percentText, UNKNOWN_TEXT } from "../terminal/number-text.ts";

/** A column of figures. */
export interface FigureColumn<Figures> {
  title: string;
  align: "left" | "right";
  /** For people. */
  text(figures: Figures): string;
  /** For programs: numbers as they are, "" where one is not known. */
  plain(figures: Figures): string;
}

/** The same of a number, undefined where it is not known, or means nothing without requests. */
export interface NumberColumn<Figures> extends FigureColumn<Figures> {
  value(figures: Figures): number | undefined;
  numberText(value: number): string;
}

/** What a statistic tells in a table. */
export interface FigureTable<Figures> {
  columns: readonly FigureColumn<Figures>[];
  /** Of the columns, the one that is compared with the period before. */
  compared: NumberColumn<Figures>;
}

const STATUSES_TOLD = 3;

function column<Figures>(
  title: string,
  value: (figures: Figures) => number | undefined,
  numberText: (value: number) => string,
): NumberColumn<Figures> {
  return {
    title,
    align: "right",
    value,
    numberText,
    text: (figures) => knownText(value(figures), numberText),
    plain: (figures) => String(value(figures) ?? ""),
  };
}

/** A number for people; "–" for one that is not known. */
export function knownText(value: number | undefined, numberText: (value: number) => string): string {
  return value === undefined ? UNKNOWN_TEXT : numberText(value);
}

const p99 = column<LatencyFigures>("p99", (figures) => figures.p99Ms, durationText);

/** How long requests took. */
export const LATENCY_TABLE: FigureTable<LatencyFigures> = {
  columns: [
    column("with latency", (figures) => figures.count, fullCountText), // Not all requests have one.
    column("mean", (figures) => figures.averageMs, durationText),
    column("p50", (figures) => figures.p50Ms, durationText),
    column("p90", (figures) => figures.p90Ms, durationText),
    column("p95", (figures) => figures.p95Ms, durationText),
    p99,
    column("max", (figures) => figures.maxMs, durationText),
  ],
  compared: p99,
};

const serverErrorShare = column<ErrorFigures>("5xx share", (one) => shareOf(one.serverErrors, one), percentText);

/** How requests ended. */
export const ERRORS_TABLE: FigureTable<ErrorFigures> = {
  columns: [
    column("requests", (figures) => figures.requests, fullCountText),
    column("4xx", (figures) => figures.clientErrors, fullCountText),
    column("4xx share", (figures) => shareOf(figures.clientErrors, figures), percentText),
    column("5xx", (figures) => figures.serverErrors, fullCountText),
    serverErrorShare,
    {
      title: "most frequent",
      align: "left",
      text: (figures) =>
        errorStatuses(figures)
          .slice(0, STATUSES_TOLD)
          .map(([status, count]) => `${status}: ${fullCountText(count)}`)
          .join(", "),
      plain: (figures) =>
        errorStatuses(figures)
          .map(([status, count]) => `${status}=${count}`)
          .join(","),
    },
  ],
  compared: serverErrorShare,
};

const requests = column<TrafficFigures>("requests", (figures) => figures.requests, fullCountText);

/** How many requests there were. */
export const TRAFFIC_TABLE: FigureTable<TrafficFigures> = {
  columns: [
    requests,
    column("bytes", (figures) => figures.responseBytes, bytesText),
    column("addresses", (figures) => figures.uniqueIps, fullCountText),
  ],
  compared: requests,
};

function shareOf(part: number, { requests }: ErrorFigures): number | undefined {
  return requests === 0 ? undefined : part / requests;
}

/** From 400 on, the most frequent first. */
function errorStatuses({ statuses }: ErrorFigures): [status: string, count: number][] {
  return Object.entries(statuses)
    .filter(([status]) => Number(status) >= 400)
    .sort(([, a], [, b]) => b - a);
}
