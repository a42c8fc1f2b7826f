import { expect, it } from "vitest";
import { embeddedKill } from "./kill.ts";
import { SHORT_RUN_MS_MAX, shortRun } from "./short-run.fixture.ts";

it("a process that is killed again and again under load keeps what it acknowledges", {
  timeout: SHORT_RUN_MS_MAX,
}, async () => {
  const { notes, check } = await shortRun(3, (settings) => embeddedKill.run(settings));
  expect(notes).toMatchObject({ rounds: 3, folders: 1, checks: 1 });
  expect(check.sends.unknown).toBeGreaterThan(0); // Some were under way when it was killed.
});
