import { expect, it } from "vitest";
import { SharedRoom } from "./shared-room.ts";

it("has no more than a part for one sender, and no more than all for all", () => {
  const room = new SharedRoom(10, 4);
  expect(room.take("a", 3)).toBe(true);
  expect(room.take("a", 2)).toBe(false);
  expect(room.take("a", 1)).toBe(true);
  expect(room.take("b", 4)).toBe(true);
  expect(room.take("c", 3)).toBe(false);
  expect(room.take("c", 2)).toBe(true);
  room.giveBack("a", 3);
  expect(room.take("c", 2)).toBe(true);
});

it("forgets a sender that has none of it", () => {
  const room = new SharedRoom(10, 4);
  room.take("a", 0);
  room.take("b", 4);
  room.take("b", 1);
  room.giveBack("b", 4);
  expect(room.senders).toBe(0);
});
