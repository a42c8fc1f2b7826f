import type { Clients, Shape } from "./shapes.ts";

/** Milliseconds of some runs. */
export interface Timing {
  runs: number;
  p50: number;
  p95: number;
}

/** So many runs of a question by each of some clients at once. @throws Error where an answer is empty. */
export async function timed(shape: Shape, clients: readonly Clients[], runs: number): Promise<Timing> {
  const ms: number[] = [];
  const oneClient = async (client: Clients) => {
    for (let run = 0; run < runs; run++) {
      const startMs = performance.now();
      const found = await shape.ask(client);
      ms.push(performance.now() - startMs);
      if (found === 0) throw new Error(`"${shape.name}" found nothing`);
    }
  };
  await Promise.all(clients.map(oneClient));
  return summary(ms);
}

/** The middle, and what 95 of 100 stayed below. */
export function summary(ms: readonly number[]): Timing {
  const sorted = ms.toSorted((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN).toFixed(1));
  return { runs: ms.length, p50: at(0.5), p95: at(0.95) };
}
