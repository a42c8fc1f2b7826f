import { afterAll, describe, expect, it, onTestFailed, onTestFinished } from "vitest";
import { realServers } from "../../tests/real-servers.ts";
import { PLANTED_BUGS } from "./bugs/registry.ts";
import { PlantedRun } from "./planted-run.ts";
import { directionsOf } from "./statistics-differ.ts";

const servers = realServers();
const SCENE_MS_MAX = 90_000;
const TOLD_MAX = 20;

/** A checker that finds nothing wrong proves something only if it finds what is wrong: bugs that exist here alone. */
describe.runIf(servers)("the checker", () => {
  const lines: string[] = [];
  afterAll(() => console.info(["what was planted | what the checker said", ...lines].join("\n")));

  describe.each(PLANTED_BUGS.map((bug) => [bug.planted, bug] as const))("where %s", (_planted, bug) => {
    it.each([
      ["is content without it", false],
      ["says so", true],
    ])("%s", { timeout: SCENE_MS_MAX }, async (_says, planted) => {
      const run = await PlantedRun.open(bug, planted, servers!);
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
