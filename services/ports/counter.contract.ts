import { randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Counter } from "./counter.ts";

/** What every Counter must do, whatever it is made of. */
export function counterContract(adapterName: string, make: () => Promise<Counter>): void {
  describe(`${adapterName} keeps the Counter contract`, () => {
    const open = async () => {
      const counter = await make();
      onTestFinished(() => counter.close());
      return { counter, key: randomUUID() };
    };

    it("gives the sum of what was added, for each key", async () => {
      const { counter, key } = await open();
      expect(await counter.add(key, 1)).toBe(1);
      expect(await counter.add(key, 10_000)).toBe(10_001);
      expect(await counter.add(key, 0)).toBe(10_001);
      for (const another of ["", "\0", "__proto__", "x".repeat(100_000)]) {
        expect(await counter.add(`${key}-${another}`, 5)).toBe(5);
      }
      expect(await counter.add(key, 2 ** 40)).toBe(10_001 + 2 ** 40);
    });

    it("counts each of a thousand calls at once", async () => {
      const { counter, key } = await open();
      const sums = await Promise.all(Array.from({ length: 1_000 }, () => counter.add(key, 1)));
      expect(Math.max(...sums)).toBe(1_000);
      expect(new Set(sums).size).toBe(1_000);
    });
  });
}
