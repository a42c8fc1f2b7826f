import { expect, it } from "vitest";
import { HandMadeRun } from "../checker/hand-made-run.fixture.ts";
import { sumOfChecks } from "./sum-of-checks.ts";

it("several checks add up, and one that failed is failure", async () => {
  const [good, bad] = [new HandMadeRun(), new HandMadeRun()];
  bad.lose(bad.mysql, 7);
  const checks = await Promise.all(
    [good, bad].map(async (run) => {
      const { stores, ...check } = await run.check();
      return { ...check, stores: { sqlite: stores.mysql! } };
    }),
  );
  const sum = sumOfChecks(checks);
  expect(sum).toMatchObject({ ok: false, sent: 2 * HandMadeRun.records, problems: checks[1]!.problems });
  expect(sum.stores.sqlite).toMatchObject({ lost: 1, stored: 2 * checks[0]!.stores.sqlite.stored - 1 });
  expect(sum.sends).toEqual({ all: 12, acked: 12, refused: 0, unknown: 0 });
  expect(sumOfChecks([checks[0]!])).toMatchObject({ ok: true, acked: checks[0]!.acked });
});
