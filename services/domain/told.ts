/** What sums over requests tell apart: services, paths, both, or nothing. */
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

/** 0 to 3: as stores number it, so it must never change. */
export function toldNumber({ service, path }: Told): number {
  return Number(service) + 2 * Number(path);
}
