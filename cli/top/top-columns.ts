import { drawnName } from "../terminal/drawn-text.ts";
import { countText, durationText, percentText, threeDigits, UNKNOWN_TEXT } from "../terminal/number-text.ts";
import type { TopGroup, TopLook } from "./top-figures.ts";

/** What rows can be sorted by, in the order of their columns: the first is column 1. */
export const SORT_KEYS = ["name", "rate", "4xx", "errors", "p50", "p99", "max", "addresses"] as const;

/** One of SORT_KEYS. */
export type SortKey = (typeof SORT_KEYS)[number];

/** A column of `top`. */
export interface TopColumn {
  key: SortKey;
  title: string;
  align: "left" | "right";
  /** What is sorted by it. */
  value(group: TopGroup): string | number | undefined;
  text(group: TopGroup): string;
}

/** The columns, with or without that of addresses. */
export function topColumns(by: "service" | "path"): TopColumn[] {
  const columns: TopColumn[] = [
    {
      key: "name",
      title: by,
      align: "left",
      value: ({ name }) => name,
      text: ({ name }) => drawnName(name),
    },
    number("rate", "req/s", ({ rate }) => rate, rateText),
    number("4xx", "4xx", ({ clientErrorShare }) => clientErrorShare, percentText),
    number("errors", "5xx", ({ serverErrorShare }) => serverErrorShare, percentText),
    number("p50", "p50", ({ p50 }) => p50, durationText),
    number("p99", "p99", ({ p99 }) => p99, durationText),
    number("max", "max", ({ max }) => max, durationText),
  ];
  return by === "path"
    ? columns
    : [...columns, number("addresses", "addresses", ({ addresses }) => addresses, countText)];
}

/** The column's title over these figures: "≥ req/s" where rates may be higher. */
export function columnTitle({ key, title }: TopColumn, { areRatesAtLeast }: TopLook): string {
  return key === "rate" && areRatesAtLeast ? `≥ ${title}` : title;
}

/** Requests per second. */
export function rateText(rate: number): string {
  return rate < 1_000 ? threeDigits(rate) : countText(Math.round(rate));
}

function number(
  key: SortKey,
  title: string,
  value: (group: TopGroup) => number | undefined,
  text: (value: number) => string,
): TopColumn {
  const shown = (group: TopGroup) => {
    const known = value(group);
    return known === undefined ? UNKNOWN_TEXT : text(known);
  };
  return { key, title, align: "right", value, text: shown };
}

/**
 * Rows in their order: large numbers and early names first, or the other way round. What is not known comes last, and rows
 * that are equal stand by their names.
 */
export function sortedGroups(groups: readonly TopGroup[], { key, value }: TopColumn, isReversed: boolean): TopGroup[] {
  const direction = (key === "name" ? 1 : -1) * (isReversed ? -1 : 1);
  return groups.toSorted((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === b) return one.name < other.name ? -1 : 1;
    if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
    return (a < b ? -1 : 1) * direction;
  });
}
