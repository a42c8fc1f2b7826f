import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";

/** Of the thread that calls it: field 19 of proc(5)'s stat, counted behind the name, which may have blanks. */
const NICENESS = `Number(readFileSync("/proc/thread-self/stat", "utf8").replace(/^.*\\) /s, "").split(" ")[16])`;
const nicenessHere = () => new Function("readFileSync", `return ${NICENESS}`)(readFileSync) as number;

it.runIf(process.platform === "linux")("lowers the thread that asks, and no other", async () => {
  const before = nicenessHere();
  const program = `
    import { readFileSync } from "node:fs";
    import { parentPort } from "node:worker_threads";
    import { lowerThreadPriority } from ${JSON.stringify(new URL("./thread-priority.ts", import.meta.url).href)};
    lowerThreadPriority(4);
    parentPort.postMessage(${NICENESS});
  `;
  const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
  const niceness = await new Promise((resolve, reject) => thread.once("message", resolve).once("error", reject));
  expect(niceness).toBe(Math.min(19, before + 4));
  expect(nicenessHere()).toBe(before);
});
