import { expect, it } from "vitest";
import { interleaved } from "./rounds.ts";

it("sides take turns there and back, and each keeps its rounds in order", async () => {
  let clock = 0;
  const side = (name: string) => ({ name, round: async () => ++clock });
  const order: string[] = [];
  const found = await interleaved([side("a"), side("b")], 3, (name) => order.push(name));
  expect(order.join("")).toBe("abbaab");
  expect([...found]).toEqual([
    ["a", [1, 4, 5]],
    ["b", [2, 3, 6]],
  ]);
});
