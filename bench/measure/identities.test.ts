import { describe, expect, it } from "vitest";
import { addBatch, allOf, type Identities, ledgerOf, requireKeptOnce } from "./identities.ts";

it("batches that follow each other are one range", () => {
  const noted: Identities = {};
  for (const firstSeq of [0, 10, 30]) addBatch(noted, "a", firstSeq, 10);
  addBatch(noted, "b", 0, 1);
  expect(noted).toEqual({
    a: [
      [0, 19],
      [30, 39],
    ],
    b: [[0, 0]],
  });
});

it("what several loads noted of one producer stands together", () => {
  expect(allOf([{ a: [[0, 1]] }, { a: [[5, 6]], b: [[0, 0]] }])).toEqual({
    a: [
      [0, 1],
      [5, 6],
    ],
    b: [[0, 0]],
  });
});

describe("a ledger", () => {
  it.each([
    ["all kept once", "a0-9", "a5-9 a0-4", { acknowledged: 10, lost: 0, repeated: 0, keptOnly: 0 }],
    ["one lost", "a0-9", "a0-3 a5-9", { acknowledged: 10, lost: 1, repeated: 0, keptOnly: 0 }],
    ["two kept twice", "a0-9", "a0-9 a8-9", { acknowledged: 10, lost: 0, repeated: 2, keptOnly: 0 }],
    [
      "some kept that were not acknowledged",
      "a2-3",
      "a0-9 b0-0",
      { acknowledged: 2, lost: 0, repeated: 0, keptOnly: 9 },
    ],
    ["all of a producer lost", "a0-0 b0-4", "a0-0", { acknowledged: 6, lost: 5, repeated: 0, keptOnly: 0 }],
    ["acknowledged twice, kept once", "a0-4 a3-6", "a0-6", { acknowledged: 7, lost: 0, repeated: 0, keptOnly: 0 }],
  ])("%s", (_, acknowledged, kept, expected) => {
    expect(ledgerOf(identities(acknowledged), identities(kept))).toEqual(expected);
  });

  it("is an error where something is lost or kept twice", () => {
    const good = { acknowledged: 1, lost: 0, repeated: 0, keptOnly: 3 };
    expect(requireKeptOnce(good)).toBe(good);
    expect(() => requireKeptOnce({ ...good, lost: 1 })).toThrow("1 are lost");
    expect(() => requireKeptOnce({ ...good, repeated: 2 })).toThrow("2 are kept more than once");
  });
});

/** "a0-9 b3-4": the producer a's seqs 0 to 9, and b's 3 and 4. */
function identities(text: string): Identities {
  const all: Identities = {};
  for (const [, producer, first, last] of text.matchAll(/([a-z])(\d+)-(\d+)/g)) {
    all[producer!] ??= [];
    all[producer!]!.push([Number(first), Number(last)]);
  }
  return all;
}
