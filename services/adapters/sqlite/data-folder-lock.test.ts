import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type DataFolderLock, lockDataFolder } from "./data-folder-lock.ts";

/** A process that takes the lock, says so or why not, and then waits to be killed. */
async function otherProcess(folder: string): Promise<{ process: ChildProcess; said: string }> {
  const source = `
    import { lockDataFolder } from ${JSON.stringify(new URL("./data-folder-lock.ts", import.meta.url))};
    const said = await lockDataFolder(${JSON.stringify(folder)}).then(() => "locked", (reason) => reason.message);
    process.stdout.write(said + "\\n");
    setInterval(() => {}, 1_000);`;
  const process_ = spawn(process.execPath, ["--input-type=module", "--eval", source], { stdio: ["ignore", "pipe", 2] });
  onTestFinished(() => void process_.kill("SIGKILL"));
  const [said] = await once(process_.stdout!.setEncoding("utf8"), "data");
  return { process: process_, said: String(said).trim() };
}

describe("the lock of a data folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "logpulse-lock-")), "data", "of mine");
  });
  afterEach(() => rmSync(join(folder, "..", ".."), { recursive: true, force: true }));

  const take = async () => {
    const lock = await lockDataFolder(folder);
    onTestFinished(() => lock.close());
    return lock;
  };
  const refusal = (lock: Promise<DataFolderLock>) => lock.then(() => undefined).catch((reason: unknown) => reason);

  it("makes the folder for its user alone", async () => {
    await take();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it("refuses another process while it is held, and says which folder and who has it", async () => {
    const lock = await take();
    const { said } = await otherProcess(folder);
    expect(said).toBe(
      `the data folder ${folder} is in use by another LogPulse (process ${process.pid}): stop that one, or name ` +
        "another folder in LOGPULSE_DATA",
    );
    await lock.close();
    expect((await otherProcess(folder)).said).toBe("locked");
  });

  it("refuses a second time in the same process too", async () => {
    const lock = await take();
    expect(await refusal(lockDataFolder(folder))).toMatchObject({ kind: "log_unavailable" });
    await lock.close();
    await take();
  });

  it("is free again when the process that held it was killed", async () => {
    const other = await otherProcess(folder);
    expect(other.said).toBe("locked");
    expect(await refusal(lockDataFolder(folder))).toMatchObject({
      message: expect.stringContaining(`(process ${other.process.pid})`),
    });
    other.process.kill("SIGKILL");
    await once(other.process, "exit");
    await take();
  });

  it("leaves out who has it where that is not known", async () => {
    await take();
    writeFileSync(join(folder, "lock.pid"), "\u001b[31mnot a number");
    expect(await refusal(lockDataFolder(folder))).toMatchObject({
      message: expect.stringContaining("in use by another LogPulse: stop"),
    });
  });

  it("leaves nothing locked and no number behind when it is given back", async () => {
    await (await take()).close();
    expect(existsSync(join(folder, "lock.pid"))).toBe(false);
  });

  it("says why a folder cannot be used", async () => {
    const file = join(folder, "..", "..", "file");
    writeFileSync(file, "");
    for (const path of [file, join(file, "below")]) {
      expect(await refusal(lockDataFolder(path))).toMatchObject({
        kind: "log_unavailable",
        message: expect.stringMatching(/^the data folder .* cannot be used: .*is a file and no folder$/),
      });
    }
  });
});
