import { describe, expect, it } from "vitest";
import { cacheContract } from "../../ports/cache.contract.ts";
import { ManualClock } from "../../ports/manual-clock.ts";
import { MemoryCache } from "./cache.ts";

cacheContract("memory", async () => {
  const clock = new ManualClock();
  return { cache: new MemoryCache(clock), pass: (ms) => clock.pass(ms) };
});

describe("MemoryCache", () => {
  it("stays within its bytes: what was used longest ago goes first", async () => {
    const cache = new MemoryCache(new ManualClock(), 5_000);
    const value = new Uint8Array(1_000);
    for (const key of ["a", "b", "c", "d"]) await cache.set(key, value, 60_000);
    await cache.get("a");
    await cache.set("e", value, 60_000);
    await cache.set("e", value, 60_000);
    const there: string[] = [];
    for (const key of ["a", "b", "c", "d", "e"]) if (await cache.get(key)) there.push(key);
    expect(there).toEqual(["a", "c", "d", "e"]);
    await cache.set("large", new Uint8Array(6_000), 60_000);
    expect(await cache.get("large")).toBeUndefined();
  });
});
