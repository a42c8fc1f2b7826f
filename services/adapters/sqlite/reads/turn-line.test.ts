import { expect, it } from "vitest";
import { TurnLine } from "./turn-line.ts";

const patient = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

it("gives things in the order of those who wait, the first ones before all others", async () => {
  const line = new TurnLine<string>("calls", 10);
  line.add("a");
  expect(await line.turn(patient)).toBe("a");
  const got: string[] = [];
  const waiting = ["one", "two", "three"].map(async (name) => got.push(name + (await line.turn(patient))));
  const first = line.turn(patient, true).then((thing) => got.push(`first${thing}`));
  for (const thing of ["a", "b", "c", "d"]) {
    line.add(thing);
    await turn();
  }
  await Promise.all([...waiting, first]);
  expect(got).toEqual(["firsta", "oneb", "twoc", "threed"]);
});

it("refuses whom there is no room for, but not the first ones, and forgets those who leave", async () => {
  const line = new TurnLine<string>("calls", 1);
  const caller = new AbortController();
  const leaves = line.turn(caller.signal);
  await expect(line.turn(patient)).rejects.toMatchObject({ kind: "overloaded", message: "1 calls wait already" });
  const first = line.turn(patient, true);
  caller.abort(new Error("gone"));
  await expect(leaves).rejects.toThrow("gone");
  const stays = line.turn(patient);
  line.add("a");
  line.add("b");
  expect(await first).toBe("a");
  expect(await stays).toBe("b");
  await expect(line.turn(caller.signal)).rejects.toThrow("gone");
});

it("does not give what was removed, and turns everybody away once it is closed", async () => {
  const line = new TurnLine<string>("calls", 10);
  line.add("a");
  line.remove("a");
  line.remove("b");
  const waiting = [line.turn(patient), line.turn(patient, true)];
  line.close(new Error("closed"));
  for (const one of [...waiting, line.turn(patient)]) await expect(one).rejects.toThrow("closed");
});
