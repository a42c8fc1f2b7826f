import { expect, it } from "vitest";
import { LogSignals } from "./log-signals.ts";
import { SqliteStorePositions } from "./settled-positions.ts";

it("tells what another thread has raised, of each partition", async () => {
  const signals = LogSignals.forPartitions(2);
  const positions = new SqliteStorePositions(new LogSignals(signals.buffer));
  const { signal } = new AbortController();
  expect(await positions.settled(signal)).toEqual([0n, 0n]);
  signals.raiseEnd(0, 9n);
  signals.raiseSettled(0, 2n ** 60n);
  signals.raiseSafe(1, 3n);
  signals.raiseSettled(1, 5n);
  expect(await positions.settled(signal)).toEqual([2n ** 60n, 5n]);
});
