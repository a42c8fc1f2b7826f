/** How fast things went on again, in milliseconds. */
export interface Recovery {
  /** From the end of a fault to the next acknowledgement, the slowest; absent where the load was over by then. */
  firstAckMs?: number;
  /** From the end of load and fault until the workers had stored everything. */
  drainedMs: number;
  /** The longest time between two acknowledgements. */
  longestSilenceMs: number;
}

/** `ackTimes` ascending; `recoveries`: when faults ended; all by one clock. */
export function recoveryOf(
  ackTimes: readonly number[],
  recoveries: readonly number[],
  loadedMs: number,
  drainedMs: number,
): Recovery {
  const waits = recoveries.flatMap((began) => {
    const next = ackTimes.find((time) => time >= began);
    return next === undefined ? [] : [next - began];
  });
  const silences = ackTimes.slice(1).map((time, index) => time - ackTimes[index]!);
  return {
    firstAckMs: waits.length > 0 ? Math.round(Math.max(...waits)) : undefined,
    drainedMs: Math.round(drainedMs - loadedMs),
    longestSilenceMs: Math.round(silences.reduce((longest, silence) => Math.max(longest, silence), 0)),
  };
}
