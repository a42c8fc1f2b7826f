import { type Installation, memoryMiB } from "../installations/installation.ts";

/** Resident memory of an installation's processes together, in MiB. */
export interface SampledMemory {
  atStart: number;
  peak: number;
  atEnd: number;
}

const SAMPLE_EVERY_MS = 200;

/** What an installation used while it was watched. */
export interface Used {
  memoryMiB: SampledMemory;
  /** CPU seconds for each second, by part. */
  cores: Record<string, number>;
}

/** Of an installation, what is looked at. */
export type Watchable = Pick<Installation, "processes" | "cpuSeconds">;

/** Looks at what it uses while `work` runs. */
export async function watched<Result>(
  installation: Watchable,
  work: () => Promise<Result>,
): Promise<Used & { result: Result }> {
  const [startMs, before] = [performance.now(), installation.cpuSeconds()];
  const samples = [memoryMiB(installation)];
  const sampling = setInterval(() => samples.push(memoryMiB(installation)), SAMPLE_EVERY_MS);
  try {
    const result = await work();
    samples.push(memoryMiB(installation));
    const [atStart, peak, atEnd] = [samples[0]!, Math.max(...samples), samples.at(-1)!].map(Math.round);
    const seconds = (performance.now() - startMs) / 1_000;
    const cores = Object.entries(installation.cpuSeconds()).map(
      ([part, used]) => [part, Number(((used - before[part]!) / seconds).toFixed(2))] as const,
    );
    return {
      result,
      memoryMiB: { atStart: atStart!, peak: peak!, atEnd: atEnd! },
      cores: Object.fromEntries(cores),
    };
  } finally {
    clearInterval(sampling);
  }
}
