import { boundedKey } from "../../domain/bounded-key.ts";
import type { Counter } from "../../ports/counter.ts";

/** Counts of one process, forgotten when it ends. Keys are never given up: they are tenants, and those are few. */
export class MemoryCounter implements Counter {
  private readonly sums = new Map<string, number>();

  async add(key: string, amount: number): Promise<number> {
    const name = boundedKey(key);
    const sum = (this.sums.get(name) ?? 0) + amount;
    this.sums.set(name, sum);
    return sum;
  }

  async close(): Promise<void> {}
}
