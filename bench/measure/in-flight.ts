/** So many calls were under way, or due and not yet sent, at some moment, in seconds. */
export interface InFlight {
  atSeconds: number;
  calls: number;
}

/** What the number of calls under way does over time. */
export interface Backlog {
  atBegin: number;
  atEnd: number;
  /** Of the line that fits best. */
  slopeCallsPerSecond: number;
  /** More than a hundredth of the calls that come in stays, and that is more than chance. */
  isGrowing: boolean;
}

const GROWING_SHARE = 0.01;
const CHANCE_CALLS = 10;

/** `callsPerSecond`: that come in. Begin and end are means over a tenth of the samples each. */
export function backlogOf(samples: readonly InFlight[], callsPerSecond: number): Backlog {
  const part = Math.max(1, Math.floor(samples.length / 10));
  const slope = slopeOf(samples);
  const seconds = (samples.at(-1)?.atSeconds ?? 0) - (samples[0]?.atSeconds ?? 0);
  return {
    atBegin: Math.round(meanCalls(samples.slice(0, part))),
    atEnd: Math.round(meanCalls(samples.slice(-part))),
    slopeCallsPerSecond: Number(slope.toFixed(2)),
    isGrowing: slope > GROWING_SHARE * callsPerSecond && slope * seconds > CHANCE_CALLS,
  };
}

/** Least squares; 0 of fewer than two samples. */
function slopeOf(samples: readonly InFlight[]): number {
  const meanAt = samples.reduce((sum, { atSeconds }) => sum + atSeconds, 0) / samples.length;
  const mean = meanCalls(samples);
  let [above, below] = [0, 0];
  for (const { atSeconds, calls } of samples) {
    above += (atSeconds - meanAt) * (calls - mean);
    below += (atSeconds - meanAt) ** 2;
  }
  return below === 0 ? 0 : above / below;
}

function meanCalls(samples: readonly InFlight[]): number {
  return samples.length === 0 ? 0 : samples.reduce((sum, { calls }) => sum + calls, 0) / samples.length;
}
