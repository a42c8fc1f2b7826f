import { describe, expect, it } from "vitest";
import { encodeBatch, newProducer } from "../../ports/build-logged-batch.ts";
import { PassedPlaces } from "./passed-places.ts";
import { isRepeat, RepeatMemory } from "./repeat-memory.ts";
import { tailedMessage } from "./tailed-message.ts";

const producer = newProducer();

function message(offset: number, firstSeq: number, count: number, { rejected = [] as number[], of = producer } = {}) {
  const records = Array.from({ length: count }, (_, at) => ({ message: `${firstSeq + at}` }));
  const bytes = encodeBatch({ tenant: "default", producer: of, firstSeq, records, rejected });
  return tailedMessage({ partition: 0, offset: BigInt(offset), bytes });
}

/** Of a message's records, those that a tail leaves out which began at that offset. */
function repeats(memory: RepeatMemory, tailed: ReturnType<typeof message>, start = 0): number[] {
  const before = memory.note(tailed);
  const passed = new PassedPlaces([{ offset: start, index: 0 }]);
  return tailed.records.map(({ seq }) => seq).filter((seq) => isRepeat(seq, 0, before, passed));
}

describe("what tails remember of producers", () => {
  const memoryOf = (producersRememberedMax: number, runsPerProducerMax: number) =>
    new RepeatMemory({ producersRememberedMax, runsPerProducerMax });

  it("is the same however often a message is noted, in any order", () => {
    const memory = memoryOf(10, 10);
    const [first, second] = [message(1, 0, 3), message(5, 1, 3)];
    memory.note(second);
    expect(repeats(memory, first)).toEqual([]);
    for (let round = 0; round < 20; round++) expect(repeats(memory, second)).toEqual([1, 2]);
    expect(repeats(memory, first)).toEqual([]);
    expect(repeats(memory, second, 2)).toEqual([]);
  });

  it("does not take a rejected record for one that was shown", () => {
    const memory = memoryOf(10, 10);
    memory.note(message(1, 0, 4, { rejected: [2] }));
    expect(repeats(memory, message(2, 0, 4))).toEqual([0, 1, 3]);
  });

  it("has one run for many messages in a row, which counts for tails that went over all of them", () => {
    const memory = memoryOf(10, 4);
    for (let at = 0; at < 100; at++) expect(repeats(memory, message(at, 10 * at, 10))).toEqual([]);
    const again = message(100, 0, 10);
    expect(repeats(memory, again, 0)).toHaveLength(10);
    expect(repeats(memory, again, 50)).toEqual([]);
    expect(repeats(memory, message(101, 980, 10), 90)).toHaveLength(10); // The last ones are told apart.
  });

  it("forgets the oldest where runs do not follow each other, and then shows again", () => {
    const memory = memoryOf(10, 4);
    for (let at = 0; at < 8; at++) memory.note(message(at, 1_000 * at, 10));
    expect(repeats(memory, message(8, 0, 10))).toEqual([]);
    expect(repeats(memory, message(9, 7_000, 10))).toHaveLength(10);
  });

  it("gives few runs for a message that has many of its own, and remembers as few of it", () => {
    const memory = memoryOf(10, 8);
    for (let at = 0; at < 8; at++) memory.note(message(at, 0, 100));
    const odd = Array.from({ length: 50 }, (_, at) => 2 * at + 1);
    const parted = message(8, 0, 100, { rejected: odd });
    expect(memory.note(parted)).toHaveLength(8);
    expect(repeats(memory, message(9, 0, 100), 8)).toEqual([84, 86, 88, 90, 92, 94, 96, 98]); // The last ones.
  });

  it("forgets the producer that it has not seen for longest", () => {
    const memory = memoryOf(2, 4);
    const [other, third] = [newProducer(), newProducer()];
    memory.note(message(0, 0, 1));
    memory.note(message(1, 0, 1, { of: other }));
    memory.note(message(2, 1, 1));
    memory.note(message(3, 0, 1, { of: third }));
    expect(repeats(memory, message(4, 0, 1))).toEqual([0]);
    expect(repeats(memory, message(5, 0, 1, { of: other }))).toEqual([]);
  });
});
