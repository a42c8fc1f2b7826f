import { setTimeout as sleep } from "node:timers/promises";
import type { Load } from "../load/load.ts";

/** Resolves when the load has come to its end, which is bounded by itself. */
export async function untilOver(load: Load): Promise<void> {
  while (!load.isOver) await sleep(100);
}
