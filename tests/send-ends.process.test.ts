import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedInstallation, startEmbedded } from "./embedded-installation.ts";
import { eventually } from "./eventually.ts";
import { LOGPULSE, logpulse, startLogpulse } from "./logpulse-command.ts";

const AWAY = "127.0.0.1:1";
const START_MS_MAX = 4_000; // Of the command, on a machine with much else to do.

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "logpulse-send-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const environment = () => ({ LOGPULSE_ADDR: AWAY, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder, TZ: "UTC" });

function fileOf(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

describe("logpulse send where nothing is kept", () => {
  it("tells the producer, before and behind, so that the same can be sent again", async () => {
    const file = fileOf("away.log", "INFO a\nINFO b\n");
    const { out, err, code } = await logpulse(["send", file, "-s", "away", "--timeout", "1s"], environment());
    expect(code).toBe(3);
    const [, producer] = /^-- producer ([0-9a-f]{32}): the same sent again with --producer \1 adds nothing$/m.exec(
      err,
    )!;
    expect(out).toContain(`producer  ${producer}: the same sent again with --producer ${producer} adds nothing`);
  });

  it.each([
    [[], "(2026-03-01 10:00:00.000 UTC+01:00)", "2026-03-01T09:00:00Z"],
    [["--plain"], "2026-03-01T09:00:00.000000000Z", "2026-03-01T09:00:00Z"],
    [["--utc"], "2026-03-01T10:00:00.000000000Z", "2026-03-01T10:00:00Z"],
  ])("reads times without a zone the same however they are shown: %j", async (options, shown, time) => {
    const file = fileOf("times.log", "2026-03-01 10:00:00 INFO a\n");
    const args = ["send", file, "-s", "times", "--dry-run", ...options];
    const inBerlin = { ...environment(), TZ: "Europe/Berlin" };
    expect((await logpulse(args, inBerlin)).out).toContain(shown);
    expect((await logpulse([...args, "--json"], inBerlin)).out).toContain(`"time":"${time}"`);
  });

  it("ends a dry run of a torn file with 6, and one of silent input when it is interrupted", async () => {
    const torn = fileOf("torn.gz", gzipSync("INFO a\n".repeat(10_000)).subarray(0, 60));
    const { err, code } = await logpulse(["send", torn, "-s", "torn", "--dry-run"], environment());
    expect(err).toContain("its gzip data ends too early");
    expect(code).toBe(6);
    const input = startLogpulse(["send", "-s", "silent", "--dry-run", "--format", "text"], environment(), "open");
    input.write("INFO a\n");
    await sleep(START_MS_MAX); // Nothing says that it waits.
    input.kill("SIGINT");
    const { out, code: interrupted } = await input.ended;
    expect(out).toMatch(/^line 1$/m);
    expect(interrupted).toBe(130);
  });
});

describe("logpulse send", { timeout: 120_000 }, () => {
  let server: EmbeddedInstallation;
  beforeAll(async () => {
    server = await startEmbedded();
  });
  afterAll(() => server?.stop());

  const started = (...args: string[]) => startLogpulse(["send", ...args], { ...environment(), ...at() }, "open");
  const at = () => ({ LOGPULSE_ADDR: server.address });

  it("has an exit code that tells of rejects, also where nobody reads the output", async () => {
    const file = fileOf("bad.json", '{"msg":"a"}\nnot json\n');
    const args = [LOGPULSE, "send", file, "-s", "closed", "--format", "json", "--strict"];
    const child = spawn(process.execPath, args, { env: { ...process.env, ...environment(), ...at() } });
    child.stdout.destroy();
    let err = "";
    child.stderr.on("data", (text) => {
      err += text;
    });
    const [code] = await once(child, "close");
    expect(err).toContain("logpulse: nobody reads the totals: 1 of 2 lines are kept");
    expect(code).toBe(6);
  });

  /** Starts it with standard input as the first source, and a line on that. */
  async function startedOnInput(...args: string[]) {
    const input = started("-", ...args, "--json");
    input.write('{"msg":"a"}\n');
    await eventually(
      async () => input.err,
      (err) => err.includes("standard input: read as json"),
    );
    return input;
  }

  it("reads what comes behind Ctrl-C on standard input, for a while", async () => {
    const input = await startedOnInput("-s", "late");
    input.kill("SIGINT");
    await sleep(50);
    input.write('{"msg":"b"}\n');
    input.endInput();
    const { out, code } = await input.ended;
    expect(JSON.parse(out)).toMatchObject({ read: 2, kept: 2 });
    expect(code).toBe(0);
  });

  it("says that Ctrl-C on standard input has left what comes behind it", async () => {
    const input = await startedOnInput(fileOf("behind.log", "INFO behind\n"), "-s", "left");
    input.kill("SIGINT");
    const { err, code } = await input.ended;
    expect(err).toContain("standard input: stopped behind line 1; the rest was not read");
    expect(code).toBe(130);
  });

  it("waits for what is on its way also where it cannot go on", async () => {
    const gone = fileOf("gone.log", "INFO gone\n");
    server.process.pause();
    const input = await startedOnInput(gone, "-s", "gone");
    rmSync(gone);
    input.endInput();
    await sleep(500);
    server.process.resume();
    const { out, err, code } = await input.ended;
    expect(err).toContain("gone.log cannot be read: there is no such file");
    expect(JSON.parse(out)).toMatchObject({ read: 1, kept: 1, unknown: 0 });
    expect(code).toBe(2);
  });

  it.runIf(process.platform !== "win32")("does not end who writes to a named pipe", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const sending = started(pipe, "-s", "piped", "--format", "text", "--json");
    const writer = spawn("sh", ["-c", `printf 'INFO a\\n' > ${pipe}`]);
    const [code] = await once(writer, "close");
    expect(code).toBe(0);
    expect(JSON.parse((await sending.ended).out)).toMatchObject({ read: 1, kept: 1 });
    const waiting = started(pipe, "-s", "piped");
    await sleep(START_MS_MAX);
    waiting.kill("SIGINT");
    expect((await waiting.ended).code).toBe(130);
  });
});
