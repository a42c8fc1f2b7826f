import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Cache } from "./cache.ts";

/** A cache under test, and its time. */
export interface CacheHarness {
  cache: Cache;
  /** Memory moves its clock, Redis really waits. */
  pass(ms: number): Promise<void>;
}

/** What every Cache must do, whatever it is made of. */
export function cacheContract(adapterName: string, make: () => Promise<CacheHarness>): void {
  describe(`${adapterName} keeps the Cache contract`, () => {
    const open = async () => {
      const { cache, pass } = await make();
      onTestFinished(() => cache.close());
      return { cache, pass, key: randomUUID() };
    };
    const MINUTE_MS = 60_000;

    it("gives back the bytes it was given", async () => {
      const { cache, key } = await open();
      expect(await cache.get(key)).toBeUndefined();
      const values = [randomBytes(100_000), Buffer.from("\0ÿ\r\n😀"), new Uint8Array(0), randomBytes(9).subarray(3, 6)];
      for (const value of values) {
        await cache.set(key, value, MINUTE_MS);
        expect(Buffer.from((await cache.get(key))!).equals(value)).toBe(true);
      }
    });

    it("keeps neither the caller's later changes nor those of another reader", async () => {
      const { cache, key } = await open();
      const value = Buffer.from("first");
      await cache.set(key, value, MINUTE_MS);
      value.fill(0);
      (await cache.get(key))!.fill(0);
      expect(Buffer.from((await cache.get(key))!).toString()).toBe("first");
    });

    it("forgets when the time is over", async () => {
      const { cache, key, pass } = await open();
      await cache.set(key, Buffer.from("short"), 200);
      expect(await cache.get(key)).toBeDefined();
      await pass(250);
      expect(await cache.get(key)).toBeUndefined();
    });

    it("remembers nothing for no time", async () => {
      const { cache, key } = await open();
      await cache.set(key, Buffer.from("none"), 0);
      expect(await cache.get(key)).toBeUndefined();
    });

    it("keeps keys apart, whatever they are", async () => {
      const { cache, key } = await open();
      const keys = ["", " ", "a\r\nb", "\0", "__proto__", "*", "x".repeat(100_000), `${"x".repeat(100_000)}y`, "😀"];
      for (const suffix of keys) await cache.set(key + suffix, Buffer.from(suffix), MINUTE_MS);
      for (const suffix of keys) expect(Buffer.from((await cache.get(key + suffix))!).toString()).toBe(suffix);
    });
  });
}
