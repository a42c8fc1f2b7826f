import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";

const TIMER_MS = 2; // Timers are of whole milliseconds, and late by up to one.
const DOZE_MS_MAX = 0.2;

/**
 * Calls `send` with each index at its moment, in milliseconds after `startMs` of performance.now(), ascending, whatever
 * becomes of what it sends.
 *
 * Near the next moment it does not spin, which would take the CPU that the measured server needs, but sleeps for up to
 * 0.2 ms without reading answers: so much may be added to what is measured.
 */
export async function paced(startMs: number, timesMs: Float64Array, send: (index: number) => void): Promise<void> {
  for (let next = 0; next < timesMs.length; ) {
    const waitMs = startMs + timesMs[next]! - performance.now();
    if (waitMs <= 0) {
      send(next++);
      if (next % SENT_PER_TURN === 0) await turn(); // Who is late must read answers too.
    } else if (waitMs > TIMER_MS) await sleep(waitMs - TIMER_MS);
    else {
      Atomics.wait(DOZE, 0, 0, Math.min(waitMs, DOZE_MS_MAX));
      await turn();
    }
  }
}

const SENT_PER_TURN = 16;
const DOZE = new Int32Array(new SharedArrayBuffer(4)); // Nobody wakes it.
