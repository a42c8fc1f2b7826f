import { DELAYS_TOLD_EVERY_MS } from "../domain/limits.ts";
import type { Part } from "../runtime/shutdown.ts";

/** Told of each batch that is settled, and a part that tells of several together. */
export interface ToldDelays extends Part {
  note(delayMs: number): void;
}

/**
 * Gathers how long after ingest received them batches were settled, in milliseconds, and gives that on twice a second: a
 * message from one thread to another for each batch would cost more than what it says.
 */
export function toldDelays(tell: (delaysMs: number[]) => void, tellEveryMs = DELAYS_TOLD_EVERY_MS): ToldDelays {
  let delaysMs: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  const tellAll = () => {
    if (delaysMs.length === 0) return;
    tell(delaysMs);
    delaysMs = [];
  };
  return {
    name: "delays",
    note(delayMs) {
      delaysMs.push(delayMs);
    },
    async start() {
      timer = setInterval(tellAll, tellEveryMs);
    },
    async stop() {
      clearInterval(timer);
      tellAll();
    },
  };
}
