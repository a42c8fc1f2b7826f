import { expect, it } from "vitest";
import { DAMAGES } from "./damaged-files.ts";
import { SHORT_RUN_MS_MAX, shortRun } from "./short-run.fixture.ts";
import { tornFiles } from "./torn-files.ts";

it("files that a crash of the machine has torn lose nothing, and a header that is destroyed is noticed", {
  timeout: SHORT_RUN_MS_MAX,
}, async () => {
  const headers = DAMAGES.filter(({ name }) => name.endsWith("Header"));
  const { notes } = await shortRun(2, (settings) => tornFiles(settings, headers));
  expect(notes).toMatchObject({ rounds: 2, sharedMemoryGone: 2 });
  const dealtWith = Object.keys(notes).filter((name) => /^(store|log)Header (refused|rebuilt|clean)$/.test(name));
  expect(dealtWith).toHaveLength(2);
});
