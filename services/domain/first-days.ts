const DAY_MS = 86_400_000;

/**
 * The first producer day (days since 1970, UTC) that is kept at that time, where days are kept for `daysKept`: today is
 * kept, and `daysKept` days before it. So what a producer of yesterday sent is there for `daysKept` - 1 days at least.
 */
export function firstDayKept(nowMs: number, daysKept: number): number {
  return Math.floor(nowMs / DAY_MS) - daysKept;
}
