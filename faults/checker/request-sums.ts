import type { HttpContent } from "./record-content.ts";

/** Sums over HTTP requests. */
export interface RequestSums {
  requests: number;
  responseBytes: bigint;
  /** Requests of each status that occurred. */
  statuses: Map<number, number>;
  latencyCount: number;
  latencySumNanos: bigint;
  latencyMaxNanos: bigint;
}

/** The sums of a key, zero where it has none yet. */
export function sumsAt(sums: Map<string, RequestSums>, key: string): RequestSums {
  let found = sums.get(key);
  if (!found) {
    found = {
      ...{ requests: 0, responseBytes: 0n, statuses: new Map() },
      ...{ latencyCount: 0, latencySumNanos: 0n, latencyMaxNanos: 0n },
    };
    sums.set(key, found);
  }
  return found;
}

export function addRequest(sums: RequestSums, { status, responseBytes, latencyNanos }: HttpContent): void {
  sums.requests++;
  sums.responseBytes += responseBytes;
  sums.statuses.set(status, (sums.statuses.get(status) ?? 0) + 1);
  if (latencyNanos === undefined) return;
  sums.latencyCount++;
  sums.latencySumNanos += latencyNanos;
  if (latencyNanos > sums.latencyMaxNanos) sums.latencyMaxNanos = latencyNanos;
}

export function addSums(sums: RequestSums, more: RequestSums): void {
  sums.requests += more.requests;
  sums.responseBytes += more.responseBytes;
  for (const [status, count] of more.statuses) sums.statuses.set(status, (sums.statuses.get(status) ?? 0) + count);
  sums.latencyCount += more.latencyCount;
  sums.latencySumNanos += more.latencySumNanos;
  if (more.latencyMaxNanos > sums.latencyMaxNanos) sums.latencyMaxNanos = more.latencyMaxNanos;
}

/** The same text where all sums are the same. */
export function sumsText(sums: RequestSums): string {
  const statuses = [...sums.statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}:${count}`);
  const latency = `${sums.latencyCount}, ${sums.latencySumNanos} ns, at most ${sums.latencyMaxNanos} ns`;
  return `${sums.requests} requests, ${sums.responseBytes} bytes, statuses ${statuses.join(" ")}, latency of ${latency}`;
}
