import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { LogInFolder, newFolder, until } from "./event-log.fixture.ts";
import type { SqliteEventLog } from "./event-log.ts";
import { AppendingProcess, appendsIn } from "./event-log-crash.fixture.ts";

vi.setConfig({ testTimeout: 30_000 }); // Processes start slowly on a machine that is busy.

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

whereTheMachineCan(
  "limit the size of a process's files",
  canRun("prlimit", ["--fsize"]),
  "a disk that gives errors",
  () => {
    it("fails the appends it cannot keep, keeps nothing of them, and the next ones when it can again", async () => {
      const appending = appendingProcess([0]);
      await until(() => appending.kept.length > 10);
      // Writes behind the files' present end fail with EFBIG, which is an error of the disk to SQLite.
      limitFileBytes(appending.pid, String(statSync(`${place.path}-wal`).size));
      await until(() => appending.failed.length > 10);
      const keptBefore = appending.kept.length;
      limitFileBytes(appending.pid, "unlimited");
      await until(() => appending.kept.length > keptBefore + 10);
      await appending.kill();
      expect(appending.failed[0]).toMatch(/^0\.\d+ log_unavailable: SQLite answered \d+ \(disk I\/O error\)/);
      const found = appendsIn(place.messages(0));
      expect(found.slice(0, appending.kept.length)).toEqual(appending.kept);
      expect(found.filter((append) => appending.failed.some((line) => line.startsWith(`${append} `)))).toEqual([]);
    });

    function limitFileBytes(pid: number, bytes: string): void {
      execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
    }
  },
);

whereTheMachineCan("mount a small disk", canMount(), "a disk without room", () => {
  let disk: string;
  let onDisk: LogInFolder;
  beforeEach(async () => {
    disk = await newFolder();
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
    writeFileSync(join(disk, "ballast"), Buffer.alloc(3 * 2 ** 20));
    onDisk = new LogInFolder(join(disk, "data"));
    mkdirSync(onDisk.folder);
  });
  afterEach(async () => {
    try {
      await onDisk.remove();
    } finally {
      execFileSync("umount", [disk]);
      await rm(disk, { recursive: true });
    }
  });

  const batch = (number: number) => Buffer.alloc(100_000, `${number} `);
  /** Appends from that number on until one is refused; gives its number, and why. */
  const appendUntilRefused = async (log: SqliteEventLog, first: number) => {
    for (let number = first; ; number++) {
      const reason = await log.append(0, [batch(number)]).catch((error: unknown) => error);
      if (reason) return { number, reason };
    }
  };
  const found = () => onDisk.messages(0).map(({ bytes }) => Buffer.from(bytes));

  it("refuses and keeps nothing of it, gives what it has, and takes more when there is room", async () => {
    const log = await onDisk.open();
    const full = await appendUntilRefused(log, 0);
    expect(full.number).toBeGreaterThan(10);
    const message = "there is no room on the disk for the log's file";
    expect(full.reason).toMatchObject({ kind: "log_unavailable", message });
    const kept = Array.from({ length: full.number }, (_, number) => batch(number));
    expect(found()).toEqual(kept);
    await log.check();
    const read: bigint[] = [];
    const reading = await onDisk
      .reader(log)
      .read("store", async ({ messages }) => void read.push(...messages.map(({ offset }) => offset)));
    await until(() => read.length === kept.length);
    await reading.stop();
    await unlink(join(disk, "ballast"));
    await log.append(0, [batch(full.number)]);
    await log.close();
    expect(found()).toEqual([...kept, batch(full.number)]);
    expect(onDisk.faults).toEqual([]);
  });

  it("is the same log when it is closed and opened while there is none", async () => {
    const first = await onDisk.open();
    const { number } = await appendUntilRefused(first, 0);
    await first.close();
    const second = await onDisk.open();
    expect([second.logId, second.signals.end(0)]).toEqual([first.logId, BigInt(number)]);
    await unlink(join(disk, "ballast"));
    await second.append(0, [batch(number)]);
    expect(found()).toHaveLength(number + 1);
  });
});

/** Tests that need more than every machine has: left out loudly, and never where CI runs. */
function whereTheMachineCan(what: string, can: boolean, name: string, tests: () => void): void {
  if (can) return void describe(name, tests);
  it(`NOT RUN: ${name}: this machine cannot ${what}`, ({ skip }) => {
    if (process.env.CI === "true") expect.fail(`CI must be able to ${what}`);
    skip();
  });
}

function canRun(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args).status === 0;
}

/** Asks by doing it. */
function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "logpulse-mount-"));
  const mounted = canRun("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]);
  if (mounted) execFileSync("umount", [folder]);
  rmdirSync(folder);
  return mounted;
}
