import { isRunning } from "./processes.ts";
import type { StackState } from "./state.ts";

/** Tells each part of the stack on the console. @returns whether all of them run. */
export function tellState(state: StackState): boolean {
  if (isRunning(state.starter)) console.log("it is still being started");
  for (const { name, process, address, logFile } of state.parts) {
    console.log(
      `${name}: ${isRunning(process) ? `runs on ${address}, pid ${process.pid}` : `HAS ENDED; its log: ${logFile}`}`,
    );
  }
  return state.parts.every(({ process }) => isRunning(process));
}
