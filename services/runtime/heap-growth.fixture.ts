/**
 * Keeps 30 MiB, and makes garbage that lives for a while, as a worker does. Prints how much its heap was at most, in
 * MiB. The first argument: percent for `boundHeapGrowth`, or nothing.
 */
import { getHeapStatistics } from "node:v8";
import { boundHeapGrowth } from "./heap-growth.ts";

const [percent] = process.argv.slice(2);
if (percent !== undefined) boundHeapGrowth(Number(percent));

const kept = Array.from({ length: 300_000 }, (_, index) => ({ index, text: `record ${index}` }));
let mostBytes = 0;
for (let round = 0; round < 150; round++) {
  const bulk = Array.from({ length: 40_000 }, (_, index) => ({ index, text: `round ${round}, record ${index}` }));
  await new Promise(setImmediate);
  mostBytes = Math.max(mostBytes, getHeapStatistics().used_heap_size + bulk.length + kept.length);
}
console.log(Math.round(mostBytes / 2 ** 20));
