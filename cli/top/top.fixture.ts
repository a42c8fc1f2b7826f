import type { TopFigures, TopGroup, TopLook } from "./top-figures.ts";

/** 10:42:07 of the test's day. */
export const NOW_MS = Date.parse("2026-03-01T10:42:07Z");

const FIGURES: TopFigures = {
  requests: 1_000,
  rate: 4.2,
  clientErrorShare: 0.05,
  serverErrorShare: 0.001,
  p50: 12.1,
  p99: 412,
  max: 8_020,
  addresses: 120,
};

/** A group, like others but for what is given. */
export const group = (name: string, more: Partial<TopFigures> = {}): TopGroup => ({ name, ...FIGURES, ...more });

/** A look at these groups. */
export const lookOf = (groups: readonly TopGroup[], more: Partial<TopLook> = {}): TopLook => ({
  atMs: NOW_MS,
  fromMs: NOW_MS - 307_000,
  completeToMs: NOW_MS - 400,
  areRatesAtLeast: false,
  all: { ...FIGURES, rate: 1_204 },
  groups,
  groupsTotal: groups.length,
  ...more,
});
