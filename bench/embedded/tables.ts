import { table } from "../measure/report.ts";
import { type Quantiles, type Spread, spread } from "../measure/spread.ts";
import type { HalfLoad } from "./half-load.ts";

/** Each figure of some rounds. */
export type Spreads<Round> = Record<keyof Round, Spread>;

/** Of rounds that all have the same figures. */
export function spreadsOf<Round extends object>(rounds: readonly Round[]): Spreads<Round> {
  const names = Object.keys(rounds[0]!) as (keyof Round)[];
  const of = (name: keyof Round) => spread(rounds.map((round) => Number(round[name])));
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Spreads<Round>;
}

/** For people. */
export function tablesOf(
  floor: Readonly<Record<string, Spread>>,
  embedded: Readonly<Record<string, Spread>>,
  { recordsPerSecond, calls, failed, ackMs, freshnessMs, sentLateMs }: HalfLoad,
): string[] {
  return [
    table(["bare loader", "median", "rounds"], Object.entries(floor).map(spreadLine)),
    table(["embedded", "median", "rounds"], Object.entries(embedded).map(spreadLine)),
    table(
      [`${recordsPerSecond} records/s, ${failed} of ${calls} calls failed, ms`, "p50", "p95", "p99", "max"],
      [
        quantileLine("acknowledged after", ackMs),
        quantileLine("found after its acknowledgement", freshnessMs),
        quantileLine("sent late by the load", sentLateMs),
      ],
    ),
  ];
}

const spreadLine = ([name, { median, min, max }]: [string, Spread]) => [name, median, `${min} to ${max}`];

const quantileLine = (name: string, { p50, p95, p99, max }: Quantiles) => [name, p50, p95, p99, max];
