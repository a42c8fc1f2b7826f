import { ConnectError } from "@connectrpc/connect";
import type { Clients, Shape } from "./shapes.ts";

/** Milliseconds of some runs. */
export interface Timing {
  /** Those that were answered. */
  runs: number;
  /** Those that were refused: the store had no time for them. Left out where there are none. */
  refused?: number;
  p50: number;
  p95: number;
}

/** So many runs of a question by each of some clients at once. @throws Error where an answer is empty. */
export async function timed(shape: Shape, clients: readonly Clients[], runs: number): Promise<Timing> {
  const ms: number[] = [];
  let refused = 0;
  const oneClient = async (client: Clients) => {
    for (let run = 0; run < runs; run++) {
      const startMs = performance.now();
      try {
        const found = await shape.ask(client);
        ms.push(performance.now() - startMs);
        if (found === 0) throw new Error(`"${shape.name}" found nothing`);
      } catch (reason) {
        if (!(reason instanceof ConnectError)) throw reason;
        refused++;
      }
    }
  };
  await Promise.all(clients.map(oneClient));
  return refused > 0 ? { ...summary(ms), refused } : summary(ms);
}

/** The middle, and what 95 of 100 stayed below. */
export function summary(ms: readonly number[]): Timing {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(1));
  return { runs: ms.length, p50: at(0.5), p95: at(0.95) };
}
