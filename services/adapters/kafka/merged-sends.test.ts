import { describe, expect, it } from "vitest";
import { MergedSends } from "./merged-sends.ts";

/** Requests as they were made; `refuse` makes those that hold such a message fail. */
function sends(bytesMax = 100, refuse: (message: string) => boolean = () => false) {
  const requests: string[][] = [];
  const clock = { nowMs: 0 };
  const request = async (messages: string[]) => {
    requests.push(messages);
    if (messages.some(refuse)) throw new Error(`refused: ${messages.join(" ")}`);
  };
  return { requests, clock, merged: new MergedSends<string>(request, bytesMax, () => clock.nowMs) };
}

describe("merged sends", () => {
  it("of one turn are one request, in their order; of the next turn another", async () => {
    const { requests, merged } = sends();
    await Promise.all([merged.send(["a", "b"], 2), merged.send(["c"], 1)]);
    await merged.send(["d"], 1);
    expect(requests).toEqual([["a", "b", "c"], ["d"]]);
  });

  it("keep to the bytes of a request; a larger one goes alone", async () => {
    const { requests, merged } = sends(10);
    await Promise.all([merged.send(["a"], 6), merged.send(["b"], 4), merged.send(["c"], 11), merged.send(["d"], 1)]);
    expect(requests).toEqual([["a", "b"], ["c"], ["d"]]);
  });

  it("that fail together are sent again alone, and each is told its own end", async () => {
    const { requests, merged } = sends(100, (message) => message === "bad");
    const ends = await Promise.allSettled([merged.send(["a"], 1), merged.send(["bad"], 1), merged.send(["c"], 1)]);
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(ends[1]).toMatchObject({ reason: { message: "refused: bad" } });
    expect(requests).toEqual([["a", "bad", "c"], ["a"], ["bad"], ["c"]]);
  });

  it("go apart for ten seconds after some have failed together", async () => {
    const { requests, merged, clock } = sends(100, (message) => message === "bad");
    const both = (...messages: string[]) => Promise.allSettled(messages.map((message) => merged.send([message], 1)));
    await both("a", "bad");
    clock.nowMs = 9_999;
    await both("b", "c");
    clock.nowMs = 10_000;
    await both("d", "e");
    expect(requests.slice(3)).toEqual([["b"], ["c"], ["d", "e"]]);
  });

  it("stay apart while one that goes alone fails", async () => {
    const { requests, merged, clock } = sends(100, (message) => message === "bad");
    const both = (...messages: string[]) => Promise.allSettled(messages.map((message) => merged.send([message], 1)));
    await both("a", "bad");
    clock.nowMs = 9_000;
    await both("bad", "b");
    clock.nowMs = 18_999;
    await both("c", "d");
    expect(requests.slice(3)).toEqual([["bad"], ["b"], ["c"], ["d"]]);
  });

  it("alone are not repeated here", async () => {
    const { requests, merged } = sends(100, () => true);
    await expect(merged.send(["a", "b"], 2)).rejects.toThrow("refused: a b");
    expect(requests).toHaveLength(1);
  });
});
