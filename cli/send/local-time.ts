/**
 * Minutes that this machine's time is ahead of UTC at a local time, which is given in milliseconds as if it were UTC. A time
 * that is there twice, when clocks are put back, is the first of the two.
 */
export function localOffsetMinutes(localMs: number): number {
  const asUtc = new Date(localMs);
  const local = new Date(
    asUtc.getUTCFullYear(),
    asUtc.getUTCMonth(),
    asUtc.getUTCDate(),
    asUtc.getUTCHours(),
    asUtc.getUTCMinutes(),
    asUtc.getUTCSeconds(),
  );
  return 0 - local.getTimezoneOffset(); // Not -0.
}
