import { describe, expect, it } from "vitest";
import { LIMITER_TAKES_PER_COMMAND_MAX } from "../../domain/limits.ts";
import type { BucketAnswer, BucketTake } from "./bucket-script.ts";
import { GatheredTakes } from "./gathered-takes.ts";

const takeOf = (key: string): BucketTake => ({ key, cost: 1, lease: 0, owed: 0 });
const answerOf = (left: number): BucketAnswer => ({ allowed: true, retryAfterMs: 0, leased: 0, left });

describe("takes that are gathered", () => {
  it("are asked as one command each turn, in their order, and each hears of itself alone", async () => {
    const asked: string[][] = [];
    const takes = new GatheredTakes(async (together) => {
      asked.push(together.map(({ key }) => key));
      return together.map(({ key }, index) => (key === "broken" ? new Error("it is a list") : answerOf(index)));
    });
    const [first, broken, last] = await Promise.allSettled(["a", "broken", "a"].map((key) => takes.take(takeOf(key))));
    expect(first).toEqual({ status: "fulfilled", value: answerOf(0) });
    expect(broken).toMatchObject({ status: "rejected", reason: { message: "it is a list" } });
    expect(last).toEqual({ status: "fulfilled", value: answerOf(2) });
    await takes.take(takeOf("b"));
    expect(asked).toEqual([["a", "broken", "a"], ["b"]]);
  });

  it("are as many commands as their bound asks for", async () => {
    const sizes: number[] = [];
    const takes = new GatheredTakes(async (together) => {
      sizes.push(together.length);
      return together.map((_, index) => answerOf(index));
    });
    await Promise.all(Array.from({ length: 2 * LIMITER_TAKES_PER_COMMAND_MAX + 1 }, () => takes.take(takeOf("a"))));
    expect(sizes).toEqual([LIMITER_TAKES_PER_COMMAND_MAX, LIMITER_TAKES_PER_COMMAND_MAX, 1]);
  });

  it("all fail with their command, and those of the next turn do not", async () => {
    let isAway = true;
    const takes = new GatheredTakes(async (together) => {
      if (isAway) throw new Error("away");
      return together.map((_, index) => answerOf(index));
    });
    const failed = await Promise.allSettled(["a", "b"].map((key) => takes.take(takeOf(key))));
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    isAway = false;
    expect(await takes.take(takeOf("a"))).toEqual(answerOf(0));
  });
});
