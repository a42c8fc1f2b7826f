import { describe, expect, it } from "vitest";
import { LogPulseError } from "../domain/errors.ts";
import { HOUR_SUMS_EVERY_MS, HOURS_PER_CALL_MAX } from "../domain/limits.ts";
import type { HourSums } from "../ports/hour-sums.ts";
import type { Logger } from "../ports/logger.ts";
import { ManualClock } from "../ports/manual-clock.ts";
import { HourSumsLoop } from "./hour-sums-loop.ts";

/** Answers what it is told to, in turn; then that nothing is left to do. */
class HourSumsStub implements HourSums {
  readonly name = "stub";
  calls = 0;
  answers: (number | Error)[] = [];
  async sumUp(): Promise<number> {
    this.calls++;
    const answer = this.answers.shift() ?? 0;
    if (answer instanceof Error) throw answer;
    return answer;
  }
}

function hourSumsLoop() {
  const clock = new ManualClock(0);
  const hourSums = new HourSumsStub();
  const lines: string[] = [];
  const note = (level: string) => (_facts: object, message: string) => void lines.push(`${level}: ${message}`);
  const logger: Logger = { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
  const loop = new HourSumsLoop({ hourSums, clock, random: () => 1, logger });
  return { clock, hourSums, lines, loop };
}

describe("the loop that sums up hours", () => {
  it("goes on while there is as much as one call does, then looks again and again", async () => {
    const { clock, hourSums, loop } = hourSumsLoop();
    hourSums.answers = [HOURS_PER_CALL_MAX, 3, 5];
    loop.start();
    await clock.pass(0);
    expect([hourSums.calls, loop.totals]).toEqual([2, { hoursSummed: HOURS_PER_CALL_MAX + 3, failures: 0 }]);
    await clock.pass(HOUR_SUMS_EVERY_MS - 1);
    expect(hourSums.calls).toBe(2);
    await clock.pass(1);
    expect(hourSums.calls).toBe(3);
    await loop.stop();
    await clock.pass(10 * HOUR_SUMS_EVERY_MS);
    expect(hourSums.calls).toBe(3);
  });

  it("tells of failures and tries again", async () => {
    const { clock, hourSums, lines, loop } = hourSumsLoop();
    hourSums.answers = [new LogPulseError("store_unavailable", "away"), 0, new TypeError("a bug of ours"), 2];
    loop.start();
    for (let turn = 0; turn < 3; turn++) await clock.pass(turn === 0 ? 0 : HOUR_SUMS_EVERY_MS);
    expect(lines).toEqual([
      "warn: could not sum up hours of stub; trying again soon",
      "error: could not sum up hours of stub; trying again soon",
    ]);
    await clock.pass(HOUR_SUMS_EVERY_MS);
    expect(loop.totals).toEqual({ hoursSummed: 2, failures: 2 });
    await loop.stop();
  });
});
