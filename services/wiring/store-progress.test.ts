import { expect, it } from "vitest";
import { LogSignals } from "../adapters/sqlite/log/log-signals.ts";
import { STORE_STILL_MS_MAX } from "../domain/limits.ts";
import { ManualClock } from "../ports/manual-clock.ts";
import { StoreProgress } from "./store-progress.ts";

it("says that the store stands still, and only then", async () => {
  const signals = LogSignals.forPartitions(2);
  const clock = new ManualClock(0);
  const progress = new StoreProgress(signals, clock);
  const pass = async (ms: number) => {
    await clock.pass(ms);
    return () => progress.check();
  };
  (await pass(0))();
  (await pass(2 * STORE_STILL_MS_MAX))(); // Nothing to store.
  signals.raiseEnd(1, 10n);
  expect(await pass(0)).not.toThrow();
  expect(await pass(STORE_STILL_MS_MAX)).not.toThrow();
  signals.raiseSettled(1, 3n);
  expect(await pass(STORE_STILL_MS_MAX)).not.toThrow(); // Behind, but it moves.
  expect(await pass(STORE_STILL_MS_MAX + 1)).toThrow(
    /^7 messages of the log are not stored, and none was in the last 10 s$/,
  );
  signals.raiseSettled(1, 10n);
  expect(await pass(1)).not.toThrow();
});
