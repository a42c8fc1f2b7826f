import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { LogInFolder, newFolder, until } from "./event-log.fixture.ts";
import { AppendingProcess, appendsIn } from "./event-log-crash.fixture.ts";

let place: LogInFolder;
beforeEach(async () => {
  place = new LogInFolder(await newFolder());
});
afterEach(() => place.remove());

/** What each appender has in the log, in its order. */
function keptBy(appender: number): number[] {
  const appends = appendsIn(place.messages(appender % 2));
  return appends.filter((append) => append.startsWith(`${appender}.`)).map((append) => Number(append.split(".")[1]));
}

function appendingProcess(firstNumbers: readonly number[]): AppendingProcess {
  const appending = new AppendingProcess(place.path, firstNumbers);
  onTestFinished(() => appending.kill());
  return appending;
}

describe("a process that is killed while it appends", () => {
  it("leaves everything that it has acknowledged, whole and in order, and goes on behind it", async () => {
    const appenders = [0, 1, 2, 3, 4, 5];
    const next = appenders.map(() => 0);
    for (const round of [1, 2, 3, 4]) {
      const appending = appendingProcess(next);
      await until(() => appending.kept.length > 100 * round);
      await appending.kill();
      expect([appending.failed, appending.troubles]).toEqual([[], []]);
      await (await place.open()).close();
      for (const appender of appenders) {
        const kept = keptBy(appender);
        const acknowledged = appending.kept.filter((name) => name.startsWith(`${appender}.`)).length;
        expect(kept).toEqual(kept.map((_, at) => at));
        // The one that was under way may be there or not.
        expect(kept.length - next[appender]! - acknowledged).toBeOneOf([0, 1]);
        next[appender] = kept.length;
      }
    }
  });
});

describe("a disk that gives errors", () => {
  it("fails the appends it cannot keep, keeps nothing of them, and the next ones when it can again", async () => {
    const appending = appendingProcess([0]);
    await until(() => appending.kept.length > 10);
    // Writes beyond the files' present size fail with EFBIG, which SQLite takes for an error of the disk.
    limitFileSize(appending.pid, String(statSync(`${place.path}-wal`).size));
    await until(() => appending.failed.length > 10);
    const keptBefore = appending.kept.length;
    limitFileSize(appending.pid, "unlimited");
    await until(() => appending.kept.length > keptBefore + 10);
    await appending.kill();
    expect(appending.failed[0]).toMatch(/^0\.\d+ log_unavailable: SQLite answered \d+ \(disk I\/O error\)/);
    expect(appendsIn(place.messages(0)).slice(0, appending.kept.length)).toEqual(appending.kept);
  });

  function limitFileSize(pid: number, bytes: string): void {
    execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
  }
});

/** True where this machine lets us have a small disk of our own. */
const canMount = ((): boolean => {
  const folder = `/tmp/logpulse-mount-${process.pid}`;
  try {
    execFileSync("mkdir", [folder]);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", [folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
})();
