import { expect, it } from "vitest";
import { SHORT_RUN_MS_MAX, shortRun } from "./short-run.fixture.ts";
import { embeddedTwoProcesses } from "./two-processes.ts";

it("a second process on a folder is sent away at once and told why, and the first goes on", {
  timeout: SHORT_RUN_MS_MAX,
}, async () => {
  const { notes } = await shortRun(1, (settings) => embeddedTwoProcesses.run(settings));
  expect(notes).toMatchObject({ refusals: 2 }); // One of two that were started at once, and one later.
});
