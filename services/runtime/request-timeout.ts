/** Node's timers count 31 bits of milliseconds, 24 days; what is longer would end at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;
const TIMER_SECONDS_MAX = Math.floor(TIMER_MS_MAX / 1_000);
const SECONDS_OF_UNIT: Record<string, number> = { H: 3_600, M: 60, S: 1 };

/** A `grpc-timeout` ("99999999H") that timers can count: the same, or 24 days. */
export function countableGrpcTimeout(timeout: string): string {
  const [, count, unit = ""] = /^(\d{1,8})([HMS])$/.exec(timeout) ?? [];
  const seconds = Number(count) * (SECONDS_OF_UNIT[unit] ?? 0);
  return seconds > TIMER_SECONDS_MAX ? `${TIMER_SECONDS_MAX}S` : timeout;
}

/** The same for `connect-timeout-ms`. */
export function countableConnectTimeout(timeout: string): string {
  return Number(timeout) > TIMER_MS_MAX ? String(TIMER_MS_MAX) : timeout;
}

const MS_OF_UNIT: Record<string, number> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** A `grpc-timeout` in milliseconds, at most 24 days; undefined where it is none. */
export function grpcTimeoutMs(timeout: string): number | undefined {
  const [, count, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(timeout) ?? [];
  return count === undefined ? undefined : Math.min(Number(count) * MS_OF_UNIT[unit]!, TIMER_MS_MAX);
}
