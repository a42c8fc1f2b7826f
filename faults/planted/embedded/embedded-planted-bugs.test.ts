import { afterAll, describe, expect, it, onTestFailed, onTestFinished } from "vitest";
import { directionsOf } from "../statistics-differ.ts";
import { EMBEDDED_BUGS } from "./embedded-bugs.ts";
import { EmbeddedPlantedRun } from "./embedded-planted-run.ts";

const SCENE_MS_MAX = 30_000;
const TOLD_MAX = 20;

/**
 * The checker of the embedded mode proves something only if it finds what is wrong: bugs that exist here alone. That the
 * log is not synced (synchronous=OFF) is not among them: a kill leaves the page cache alone, so no check can see it.
 */
describe("the checker of the embedded mode", () => {
  const lines: string[] = [];
  afterAll(() => console.info(["what was planted | what the checker said", ...lines].join("\n")));

  describe.each(EMBEDDED_BUGS.map((bug) => [bug.planted, bug] as const))("where %s", (_planted, bug) => {
    it.each([
      ["is content without it", false],
      ["says so", true],
    ])("%s", { timeout: SCENE_MS_MAX }, async (_says, planted) => {
      const run = await EmbeddedPlantedRun.open(planted, planted ? bug.modules : []);
      onTestFinished(() => run.close());
      onTestFailed(() => console.info(run.told.slice(0, TOLD_MAX).join("\n")));
      const damage = await bug.scene(run);
      const { problems, samples, acked } = await run.check();
      expect(acked).toBeGreaterThan(0);
      expect(problems).toEqual(planted ? damage.map(saying) : []);
      expect(directionsOf(samples)).toEqual(planted && bug.statistics ? [bug.statistics] : []);
      if (planted) lines.push(`${bug.planted} | ${problems.join("; ")}`);
    });
  });
});

function saying(problem: string | RegExp): unknown {
  return typeof problem === "string" ? problem : expect.stringMatching(problem);
}
