import { type ErrorKind, LogPulseError } from "../../domain/errors.ts";
import type { TakeSeconds } from "../../ports/metrics.ts";

/** The kind of the error that a call ended with. One that was aborted may say so in words of its own: that is no bug. */
export function outcomeOf(reason: unknown, signal: AbortSignal | undefined): ErrorKind {
  if (reason instanceof LogPulseError) return reason.kind;
  if (!signal?.aborted) return "bug";
  return signal.reason instanceof LogPulseError ? signal.reason.kind : "cancelled";
}

/** Tells how long a call took and how it ended; answers and errors pass through. `signal`: of the call, if it has one. */
export async function timed<T>(
  call: () => Promise<T>,
  take: TakeSeconds,
  labels: Record<string, string>,
  signal?: AbortSignal,
): Promise<T> {
  const beganMs = performance.now();
  const tell = (outcome: string) => take((performance.now() - beganMs) / 1_000, { ...labels, outcome });
  try {
    const answer = await call();
    tell("ok");
    return answer;
  } catch (reason) {
    tell(outcomeOf(reason, signal));
    throw reason;
  }
}

/** The same port; calls of these methods, which return promises, are timed, with the method's name as the label `operation`. */
export function timedPort<Port extends object>(
  port: Port,
  methods: readonly (keyof Port & string)[],
  take: TakeSeconds,
  labels: Record<string, string> = {},
): Port {
  const names = new Set<string | symbol>(methods);
  return new Proxy(port, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (!names.has(name)) return value.bind(target);
      const all = { ...labels, operation: String(name) };
      return (...given: unknown[]) => timed(() => value.apply(target, given), take, all);
    },
  });
}
