import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canUseHours, hoursOf, type Span, type StoredHour, spansOf } from "./stats-spans.ts";

const all = ({ from, to }: Span) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe("the rows that answer a question", () => {
  const summed = (hour: number): StoredHour => ({ hour, isSummedUp: true });
  const byMinute = (hour: number): StoredHour => ({ hour, isSummedUp: false });

  it.each<[string, [number, number], StoredHour[], Span[], Span[]]>([
    ["nothing is stored", [0, 600], [], [], []],
    ["a whole hour", [60, 119], [summed(1)], [], [{ from: 1, to: 1 }]],
    ["a minute less at its start", [61, 119], [summed(1)], [{ from: 61, to: 119 }], []],
    ["a minute less at its end", [60, 118], [summed(1)], [{ from: 60, to: 118 }], []],
    ["one minute", [77, 77], [summed(1)], [{ from: 77, to: 77 }], []],
    ["hours that follow one another", [0, 239], [0, 1, 2, 3].map(summed), [], [{ from: 0, to: 3 }]],
    [
      "an hour between that is not summed up",
      [0, 179],
      [summed(0), byMinute(1), summed(2)],
      [{ from: 60, to: 119 }],
      [
        { from: 0, to: 0 },
        { from: 2, to: 2 },
      ],
    ],
    ["edges that touch become one", [30, 150], [byMinute(0), byMinute(1), byMinute(2)], [{ from: 30, to: 150 }], []],
    ["before 1970", [-60, -1], [summed(-1)], [], [{ from: -1, to: -1 }]],
  ])("%s", (_, [fromMinute, toMinute], stored, minutes, hours) => {
    expect(spansOf({ fromMinute, toMinute }, stored)).toEqual({ minutes, hours });
  });

  it("are each stored minute of the selection once, and no other", () => {
    const arbitrary = fc.record({
      from: fc.integer({ min: -300, max: 300 }),
      length: fc.integer({ min: 1, max: 600 }),
      states: fc.uniqueArray(fc.record({ hour: fc.integer({ min: -10, max: 20 }), isSummedUp: fc.boolean() }), {
        selector: ({ hour }) => hour,
      }),
    });
    fc.assert(
      fc.property(arbitrary, ({ from, length, states }) => {
        const selection = { fromMinute: from, toMinute: from + length - 1 };
        const inRange = hoursOf(selection);
        const stored = states
          .filter(({ hour }) => hour >= inRange.from && hour <= inRange.to)
          .sort((a, b) => a.hour - b.hour);
        const { minutes, hours } = spansOf(selection, stored);
        const ofHours = hours.flatMap(all).flatMap((hour) => all({ from: hour * 60, to: hour * 60 + 59 }));
        const read = [...minutes.flatMap(all), ...ofHours].sort((a, b) => a - b);
        const wanted = stored
          .flatMap(({ hour }) => all({ from: hour * 60, to: hour * 60 + 59 }))
          .filter((minute) => minute >= selection.fromMinute && minute <= selection.toMinute);
        expect(read).toEqual(wanted);
        expect(hours.flatMap(all).every((hour) => stored.some((one) => one.hour === hour && one.isSummedUp))).toBe(
          true,
        );
      }),
    );
  });

  it("are those of minutes where minutes are told apart", () => {
    expect([undefined, 60, 1_440, 1].map(canUseHours)).toEqual([true, true, true, false]);
  });
});
