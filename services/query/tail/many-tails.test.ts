import { afterEach, expect, it } from "vitest";
import type { EventLogFollower } from "../../ports/event-log-follower.ts";
import { settle, TailsOnMemory } from "./tail.fixture.ts";

const TAILS = 2_000;
const BATCHES = 50;
const RECORDS = 20;

let on: TailsOnMemory;
afterEach(() => on.close());

it("reads the log once for 2,000 tails, and keeps each message once", { timeout: 60_000 }, async () => {
  let bytesRead = 0;
  const follow = (follower: EventLogFollower): EventLogFollower => ({
    extent: (signal) => follower.extent(signal),
    placesAt: (timeMs, signal) => follower.placesAt(timeMs, signal),
    read: async (...asked) => {
      const messages = await follower.read(...asked);
      bytesRead += messages.reduce((sum, { bytes }) => sum + bytes.length, 0);
      return messages;
    },
    close: () => follower.close(),
  });
  on = new TailsOnMemory({ follow, bounds: { tailsPerClientMax: TAILS } });
  const word = (at: number) => ({ condition: { case: "words" as const, value: { text: `word${at % 10}` } } });
  const tails = Array.from({ length: TAILS }, (_, at) => on.start(at % 2 === 0 ? {} : { filter: word(at) }));
  await settle(100);
  expect(tails.every(({ kinds }) => kinds.length === 1)).toBe(true);
  const before = process.memoryUsage();
  for (let batch = 0; batch < BATCHES; batch++) {
    await on.append(Array.from({ length: RECORDS }, (_, at) => `record ${batch} ${at} word${at % 10}`));
  }
  await settle(100);
  const bytesAppended = on.log.messagesFrom(0, 0).reduce((sum, { bytes }) => sum + bytes.length, 0);
  expect(bytesRead).toBe(bytesAppended);
  const whole = tails[0]!.shown;
  expect(whole).toHaveLength(BATCHES * RECORDS);
  tails.forEach((tail, at) => {
    const wanted = at % 2 === 0 ? whole : whole.filter((message) => message.endsWith(`word${at % 10}`));
    expect(tail.shown).toEqual(wanted);
  });
  // A million records are shown, and their objects are a thousand: what is told of each costs a pointer.
  const first = tails[0]!.answers[1]!.event;
  const second = tails[2]!.answers[1]!.event;
  if (first.case !== "records" || second.case !== "records") return expect.fail("no records");
  expect(first.value.logs[0]).toBe(second.value.logs[0]);
  expect(process.memoryUsage().arrayBuffers - before.arrayBuffers).toBeLessThan(10 * 2 ** 20);
  await Promise.all(tails.map((tail) => tail.hangUp()));
  expect(on.tails.open).toBe(0);
});
