import { spawn, spawnSync } from "node:child_process";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { COMMANDS } from "../cli/commands.ts";
import { LOGPULSE, logpulse } from "./logpulse-command.ts";

const TELL_HEAVY = join(import.meta.dirname, "..", "cli", "heavy-modules.fixture.mjs");
const NODE_MAJOR_MIN = 24;

/** What a command line loads that takes long to load. */
function heavyModules(...args: string[]): string[] {
  const { stderr } = spawnSync(process.execPath, ["--import", TELL_HEAVY, LOGPULSE, ...args], { encoding: "utf8" });
  return stderr.split("\n").filter((line) => line.startsWith("HEAVY"));
}

/** A Node of this machine that is too old for LogPulse; undefined where there is none. */
const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
  const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
  return status === 0 && Number(stdout.slice(1).split(".")[0]) < NODE_MAJOR_MIN;
});

describe("what answers without a server starts quickly: gRPC and protobuf are not loaded", () => {
  it.each([
    [["--help"]],
    [["--version"]],
    [["serch"]],
    [["profile", "list"]],
    [["completion", "bash"]],
    ...Object.keys(COMMANDS).map((name) => [[...name.split(" "), "--help"]]),
  ])("%j", (args) => expect(heavyModules(...args)).toEqual([]));

  it("which this test would see", () => expect(heavyModules("get", "x", "--addr", "127.0.0.1:1")).not.toEqual([]));
});

describe("logpulse", () => {
  it("says its version", async () => {
    expect(await logpulse(["--version"])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^logpulse \d+\.\d+\.\d+\n$/),
    });
  });

  it.runIf(oldNode)("runs where the machine's own Node is too old for it", () => {
    const run = (...args: string[]) => spawnSync(oldNode!, [LOGPULSE, ...args], { encoding: "utf8" });
    expect(run("--version")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^logpulse /), stderr: "" });
    expect(run("serch")).toMatchObject({ status: 2, stdout: "" });
  });

  it.runIf(oldNode)("is interrupted there like anywhere", async () => {
    const asked = Promise.withResolvers<void>();
    const silent = createServer((socket) => {
      onTestFinished(() => void socket.destroy());
      asked.resolve();
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const command = spawn(oldNode!, [LOGPULSE, "search", "--addr", `127.0.0.1:${port}`], { stdio: "ignore" });
    const ended = new Promise((resolve) => command.once("exit", (code) => resolve(code)));
    await asked.promise;
    command.kill("SIGINT");
    expect(await ended).toBe(130);
  });
});
