import { expect, it } from "vitest";
import { FetchLanes } from "./fetch-lanes.ts";

const never = new AbortController().signal;
const settle = () => new Promise((resolve) => setImmediate(resolve));

it("has no more lanes than it may, lets the others wait in order, and lets go of who does not wait any longer", async () => {
  const lanes = new FetchLanes({ brokers: ["127.0.0.1:1"], clientId: "test" }, "topic", 2);
  const begun: number[] = [];
  const ends = Array.from({ length: 5 }, () => Promise.withResolvers<number>());
  const gone = new AbortController();
  const uses = ends.map(({ promise }, at) => {
    const work = () => {
      begun.push(at);
      return promise;
    };
    return lanes.use("wait", at === 2 ? gone.signal : never, work).catch((reason: unknown) => reason);
  });
  await settle();
  expect(begun).toEqual([0, 1]);
  gone.abort("gone");
  expect(await uses[2]).toBe("gone");
  ends[0]!.resolve(0);
  await settle();
  expect(begun).toEqual([0, 1, 3]);
  ends[1]!.reject(new Error("failed"));
  expect(await uses[1]).toMatchObject({ kind: "log_unavailable" });
  await settle();
  expect(begun).toEqual([0, 1, 3, 4]);
  await lanes.close();
  expect(await uses[3]).toMatchObject({ kind: "log_unavailable" });
});
