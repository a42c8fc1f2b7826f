import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const FIXTURE = join(import.meta.dirname, "heap-growth.fixture.ts");

/**
 * MiB of heap in use at most. Collected by one thread: with its helpers, how much garbage there is meanwhile depends on
 * which of them gets a core, and differed by half from run to run.
 */
const mostOf = (...args: string[]) =>
  Number(execFileSync(process.execPath, ["--single-threaded-gc", FIXTURE, ...args], { encoding: "utf8" }));

it("holds the heap of a running process below what V8 would let it grow to", () => {
  const [free, bound] = [mostOf(), mostOf("50")];
  expect(bound).toBeGreaterThan(0);
  expect(bound).toBeLessThan(0.8 * free);
});
