import { expect, it } from "vitest";
import { embeddedFullDisk } from "./full-disk.ts";
import { SHORT_RUN_MS_MAX, shortRun } from "./short-run.fixture.ts";
import { whyNoSmallDisk } from "./small-disk.ts";

const whyNot = whyNoSmallDisk();
if (whyNot) console.warn(`NOT TESTED, a full disk: ${whyNot}`);

it.runIf(whyNot && process.env.CI)("a small disk can be made where no test may be left out", () => {
  expect(whyNot).toBeUndefined();
});

it.skipIf(whyNot)(
  "on a full disk a write is refused before it is acknowledged, reads go on, and with room all goes on without a restart",
  { timeout: SHORT_RUN_MS_MAX },
  async () => {
    const { notes } = await shortRun(2, (settings) => embeddedFullDisk.run(settings));
    expect(notes.fills).toBe(2);
    expect(notes.refusedWrites).toBeGreaterThan(0);
    expect(notes.readsWhileFull).toBeGreaterThan(0);
  },
);
