/** What the rows of a question tell apart. */
export interface Told {
  service: boolean;
  path: boolean;
}

/** Each way of telling apart for which hours have sums. */
export const EVERY_TOLD: readonly Told[] = [
  { service: false, path: false },
  { service: true, path: false },
  { service: false, path: true },
  { service: true, path: true },
];

/** As in the column `told` of rollup_hour_sums. */
export function toldNumber({ service, path }: Told): number {
  return Number(service) + 2 * Number(path);
}
