import type { LoggedBatch } from "../../services/domain/logged-batch.ts";
import type { LogSink } from "../../services/ports/log-sink.ts";
import { withStore } from "./crash.ts";
import type { PlantedRun } from "./planted-run.ts";

/** Who stores what of the first batches. */
export interface Race {
  mine: readonly LoggedBatch[];
  rivals: readonly LoggedBatch[];
}

/**
 * Two stores that write at the same time, once: `rival` on connections of its own, as a worker that was taken for dead
 * and is not. Both come to the run's meeting.
 */
export function twoAtOnce(
  run: PlantedRun,
  sink: LogSink,
  rival: LogSink,
  split: (batches: readonly LoggedBatch[]) => Race,
): LogSink {
  let raced = false;
  return withStore(sink, (batches, deadLetters, signal) => {
    if (raced) return sink.store(batches, deadLetters, signal);
    raced = true;
    return run.acting(async () => {
      const { mine, rivals } = split(batches);
      if (mine.length === 0 || rivals.length === 0) throw new Error("there are not batches for both");
      run.meeting.expect(2);
      const [counts] = await Promise.all([
        sink.store(mine, deadLetters, signal),
        rival.store(rivals, deadLetters, signal),
      ]);
      return counts;
    });
  });
}
