import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FORGOTTEN_MS, IDLE_MS, World } from "./follow-world.fixture.ts";
import type { RotatedLog } from "./rotated-log.fixture.ts";

const DAY_MS = 25 * 3_600_000; // And a little more: a producer lives for one.

let world: World;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  world = new World();
});
afterEach(async () => {
  await world.remove();
  vi.useRealTimers();
});

type HowRotated = "rename" | "copy"; // Programs that rotate logs do it in one way.
type Action = (world: World, how: HowRotated) => void | Promise<void>;

const named = (name: string, action: Action) => Object.assign(action, { [fc.toStringMethod]: () => name });
const simply = (name: string, action: Action) => fc.constant(named(name, action));
/** Of what happens to one of the logs. */
const onLog = (name: string, act: (log: RotatedLog, world: World, how: HowRotated) => void | Promise<void>) =>
  fc.nat(1).map((at) => named(`${name} ${at}`, (each, how) => act(each.logs[at]!, each, how)));

const writing = fc.record({ lines: fc.integer({ min: 0, max: 7 }), isTrace: fc.boolean(), isPartial: fc.boolean() });
const write = fc
  .record({ at: fc.nat(1), how: writing })
  .map(({ at, how }) => named(`write ${at} ${JSON.stringify(how)}`, ({ logs }) => logs[at]!.write(how.lines, how)));
const acknowledge = fc
  .uniqueArray(fc.nat(6), { maxLength: 5 })
  .map((places) => named(`acknowledge ${places}`, (each) => each.acknowledge(places)));
const rotate = onLog("rotate", (log, each, how) => each.rotate(how, log));
const backUp = onLog("back up", (log) => log.backUp());
const moveAway = onLog("move away", (log) => log.moveAway());
const moveBack = onLog("move back", (log) => log.moveBack());
const actions = fc.oneof(
  { weight: 8, arbitrary: write },
  { weight: 6, arbitrary: acknowledge },
  { weight: 2, arbitrary: rotate },
  { weight: 1, arbitrary: backUp },
  { weight: 1, arbitrary: moveAway },
  { weight: 1, arbitrary: moveBack },
  { weight: 6, arbitrary: simply("read", (each) => each.read()) },
  { weight: 2, arbitrary: simply("pass", (each) => each.pass(IDLE_MS)) },
  { weight: 2, arbitrary: simply("save", (each) => each.save()) },
  { weight: 2, arbitrary: simply("forget", (each) => each.pass(FORGOTTEN_MS)) },
  { weight: 1, arbitrary: simply("a day passes", (each) => each.pass(DAY_MS)) },
);
const refused = simply("refused start", async (each) => {
  const before = JSON.parse(each.positions);
  if (!before.files.some(({ left }: { left?: string }) => left !== "done")) return;
  await expect(each.begin({ service: "other" })).rejects.toThrow("was followed with -s app");
  expect(JSON.parse(each.positions)).toEqual(before);
});
const whileAway = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: write },
    { weight: 2, arbitrary: rotate },
    { weight: 1, arbitrary: backUp },
    { weight: 1, arbitrary: moveAway },
    { weight: 1, arbitrary: moveBack },
    { weight: 1, arbitrary: refused },
  ),
  { maxLength: 5 },
);
const end = fc.constantFrom("crash" as const, "stop" as const);
const calls = fc.array(fc.record({ during: fc.array(actions, { maxLength: 20 }), end, whileAway }), { maxLength: 4 });

describe("whatever is written, rotated, copied, moved, acknowledged, killed, refused and begun again", () => {
  it("each line is stored once", { timeout: 120_000 }, async () => {
    await fc.assert(
      fc
        .asyncProperty(fc.constantFrom("rename" as const, "copy" as const), calls, async (how, all) => {
          for (const call of all) {
            await world.begin();
            for (const action of call.during) await action(world, how);
            await world[call.end]();
            for (const action of call.whileAway) await action(world, how);
          }
          await world.end();
          expect(world.storedLines).toEqual(world.writtenLines);
        })
        .beforeEach(async () => {
          await world.remove();
          world = new World(["app.log", "web.log"]);
        }),
      { numRuns: Number(process.env.FOLLOW_RUNS ?? 150) },
    );
  });
});
