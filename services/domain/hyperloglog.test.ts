import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HyperLogLog } from "./hyperloglog.ts";

function sketchOf(texts: Iterable<string>): HyperLogLog {
  const sketch = new HyperLogLog();
  for (const text of texts) sketch.add(text);
  return sketch;
}

function addresses(count: number, first = 0): string[] {
  return Array.from(
    { length: count },
    (_, index) => `10.${(first + index) >> 16}.${((first + index) >> 8) & 255}.${(first + index) & 255}`,
  );
}

function ipv4(bits: number): string {
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
}

describe("HyperLogLog", () => {
  it("estimates within four standard errors at every size, and nearly exactly where there are few", () => {
    const sketch = new HyperLogLog();
    expect(sketch.estimate()).toBe(0);
    let added = 0;
    for (const count of [1, 2, 10, 100, 1_000, 10_000, 30_000, 41_000, 60_000, 100_000]) {
      for (const address of addresses(count - added, added)) sketch.add(address);
      added = count;
      if (count <= 100) expect(Math.round(sketch.estimate())).toBe(count);
      expect(Math.abs(sketch.estimate() / count - 1)).toBeLessThan(4 * 0.0081);
    }
  });

  it("estimates random addresses within three standard errors of exact counts, up to a million", {
    timeout: 60_000,
  }, () => {
    for (const [seed, most] of [
      [1, 1_000_000],
      [2, 100_000],
      [3, 100_000],
    ] as const) {
      const sketch = new HyperLogLog();
      const exact = new Set<number>();
      let state = seed;
      for (const count of [10, 1_000, 10_000, 30_000, 100_000, 300_000, 1_000_000]) {
        if (count > most) break;
        while (exact.size < count) {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes, 3rd ed.; its period is 2^32.
          if (state % 8 === 0) sketch.add(ipv4(state)); // Some come twice.
          exact.add(state);
          sketch.add(ipv4(state));
        }
        expect(Math.abs(sketch.estimate() / count - 1)).toBeLessThan(3 * 0.0081);
      }
    }
  });

  it("does not count a text twice, and does not care about order", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (texts) => {
        const once = sketchOf(new Set(texts));
        expect(sketchOf([...texts, ...texts].reverse()).encode()).toEqual(once.encode());
      }),
    );
  });

  it("merges to what all texts together would give, sparse or dense", () => {
    const sizes = [0, 1, 50, 1_900, 5_000];
    for (const a of sizes) {
      for (const b of sizes) {
        const merged = sketchOf(addresses(a));
        merged.merge(sketchOf(addresses(b, a / 2)));
        expect(merged.encode()).toEqual(sketchOf(addresses(Math.max(a, a / 2 + b))).encode());
      }
    }
  });

  it("is the same after encoding, and never longer than 12 KiB and a byte", () => {
    for (const count of [0, 1, 100, 2_047, 2_100, 4_000, 8_000, 30_000]) {
      const sketch = sketchOf(addresses(count));
      const bytes = sketch.encode();
      expect(bytes.length).toBeLessThanOrEqual(12 * 1024 + 1);
      const again = HyperLogLog.decode(bytes);
      expect(again.encode()).toEqual(bytes);
      expect(again.estimate()).toBe(sketch.estimate());
    }
    expect(HyperLogLog.decode(new Uint8Array()).estimate()).toBe(0);
  });

  it("never changes: sketches of all times are merged", () => {
    expect(Buffer.from(sketchOf(["10.0.0.1", "2001:db8::1", ""]).encode()).toString("hex")).toBe(encodedByHand());
    const digest = createHash("sha256")
      .update(Buffer.from(sketchOf(addresses(50_000)).encode()))
      .digest("hex");
    expect(digest).toBe("7e78eae1d112495851d9171b0da5af30cbee8ebc99d8909289d7711d93ec67c2");
  });

  it("refuses what it did not write", () => {
    expect(() => HyperLogLog.decode(Uint8Array.of(7))).toThrow("unknown format 7");
    expect(() => HyperLogLog.decode(Uint8Array.of(2, 0))).toThrow("unknown format 2");
    expect(() => HyperLogLog.decode(Uint8Array.of(1, 5, 60))).toThrow("rank 60");
  });
});

/** The definition in other words: 14 bits of SHA-256 choose the register, the place of the next 1 is the rank. */
function encodedByHand(): string {
  const ranks = ["10.0.0.1", "2001:db8::1", ""].map((text) => {
    const digest = createHash("sha256").update(text).digest().readBigUInt64BE();
    const bits = digest.toString(2).padStart(64, "0");
    return { register: Number.parseInt(bits.slice(0, 14), 2), rank: bits.slice(14).indexOf("1") + 1 };
  });
  ranks.sort((a, b) => a.register - b.register);
  const bytes = [1];
  let before = -1;
  for (const { register, rank } of ranks) {
    const distance = register - before;
    before = register;
    bytes.push(...(distance < 128 ? [distance] : [(distance % 128) + 128, distance >> 7]), rank);
  }
  return Buffer.from(bytes).toString("hex");
}
