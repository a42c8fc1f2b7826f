import { expect, it } from "vitest";
import { HistoryReadings } from "./history-readings.ts";
import { TAIL_BOUNDS } from "./tail-bounds.ts";

it("has whoever took messages first put them down where those in hand are too many bytes", () => {
  const readings = new HistoryReadings({ ...TAIL_BOUNDS, historiesBytesMax: 10 });
  const down: string[] = [];
  const [first, second, third] = ["first", "second", "third"].map((name) => ({ putDown: () => void down.push(name) }));
  const messages = (bytes: number) => [{ partition: 0, offset: 0n, bytes: new Uint8Array(bytes) }];
  readings.take(first!, messages(4));
  readings.take(second!, messages(4));
  readings.take(first!, messages(5)); // Anew: the other one is the first now.
  expect(down).toEqual([]);
  readings.take(third!, messages(2));
  expect(down).toEqual(["second"]);
  readings.release(first!);
  readings.take(second!, messages(8));
  expect(down).toEqual(["second"]);
  readings.take(first!, messages(100)); // One alone may have more.
  expect(down).toEqual(["second", "third", "second"]);
});
