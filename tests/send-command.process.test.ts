import { createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type EmbeddedInstallation, identitiesIn, startEmbedded } from "./embedded-installation.ts";
import { eventually } from "./eventually.ts";
import { LOGPULSE, logpulse, startLogpulse } from "./logpulse-command.ts";
import { havePseudoTerminal, inPseudoTerminal } from "./pseudo-terminal.ts";

const ACCESS_LOG = join(import.meta.dirname, "..", "..", "shared", "data", "apache_access.log");
const LINES = Number(process.env.SEND_LINES ?? 100_000); // Of the run in which the server is killed.

const haveAccessLog = existsSync(ACCESS_LOG);
if (!haveAccessLog) {
  const message = "SKIPPED: apache_access.log with 10,000 real access lines is not beside this repository";
  if (process.env.CI) throw new Error(message);
  console.warn(message);
}

describe("logpulse send", { timeout: 120_000 + LINES }, () => {
  let server: EmbeddedInstallation;
  let folder: string;

  const environment = () => ({
    LOGPULSE_ADDR: server.address,
    XDG_CONFIG_HOME: folder,
    XDG_STATE_HOME: folder,
    TZ: "UTC",
  });
  const send = (...args: string[]) => logpulse(["send", ...args], environment());
  const sendForTotals = async (...args: string[]) => {
    const { out, code } = await send(...args, "--json");
    return { code, totals: JSON.parse(out) };
  };
  const path = (name: string) => join(folder, name);
  const fileOf = (name: string, content: string | Uint8Array) => {
    writeFileSync(path(name), content);
    return path(name);
  };

  /** Messages of a service, as often as they are stored. */
  async function messagesOf(service: string): Promise<string[]> {
    const answer = await fetch(`${server.url}/v1/logs:export?query=service:${service}&order=ORDER_OLDEST_FIRST`);
    const lines = (await answer.text()).trimEnd().split("\n");
    const read = lines.map((line) => JSON.parse(line));
    expect(read.at(-1).end).toMatchObject({ complete: true });
    return read.slice(0, -1).map(({ log }) => log.record.message);
  }
  const storedOf = (service: string, count: number) =>
    eventually(
      () => messagesOf(service),
      (messages) => messages.length >= count,
    );
  const identitiesOf = (producer: string) => identitiesIn(server.folder).filter((id) => id.startsWith(producer));

  beforeAll(async () => {
    server = await startEmbedded();
    folder = mkdtempSync(join(tmpdir(), "logpulse-send-"));
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  it.runIf(haveAccessLog)("sends a real access log once, also when it is sent again", async () => {
    const { totals, code } = await sendForTotals(ACCESS_LOG, "-s", "access");
    expect(totals).toMatchObject({ read: 10_000, kept: 10_000, records: 10_000, unknown: 0, format: "combined" });
    expect(code).toBe(0);
    await eventually(
      async () => identitiesOf(totals.producer).length,
      (count) => count >= 10_000,
    );
    const again = await sendForTotals(ACCESS_LOG, "-s", "access", "--producer", totals.producer, "--batch", "77");
    expect(again.totals).toMatchObject({ kept: 10_000, producer: totals.producer });
    await sendForTotals(fileOf("marker.log", "INFO marker\n"), "-s", "marker");
    await storedOf("marker", 1);
    expect(identitiesOf(totals.producer).sort()).toEqual(
      Array.from({ length: 10_000 }, (_, seq) => `${totals.producer}-${seq}`).sort(),
    );
    // No record differs from what is stored under its identity.
    expect(await (await fetch(`${server.url}/v1/deadLetters`)).json()).toMatchObject({ total: "0" });
  });

  it(`each of ${LINES} lines is stored once, though the server is killed twice on the way`, async () => {
    // Its limit lets the kills come before the end, and its waits are kept to on the way.
    const rate = Math.max(20_000, Math.round(LINES / 10));
    const limit = { LOGPULSE_RATE_PER_SECOND: String(rate), LOGPULSE_RATE_BURST: String(rate) };
    const killed = await startEmbedded({ LOGPULSE_RATE_LIMIT: "on", ...limit });
    onTestFinished(() => killed.stop());
    const stored = (count: number) =>
      eventually(
        async () => identitiesIn(killed.folder),
        (ids) => ids.length >= count,
        60_000 + LINES,
      );
    const file = path("many.log");
    await writeLines(file, LINES);
    const sending = startLogpulse(["send", file, "-s", "killed", "--json", "--addr", killed.address], environment());
    for (const kills of [1, 2]) {
      await stored(LINES * 0.3 * kills);
      await killed.process.kill();
      await sleep(1_500);
      await killed.process.restart();
      await eventually(
        async () => sending.err.match(/takes records again after/g) ?? [],
        (told) => told.length === kills,
      );
    }
    const { out, code } = await sending.ended;
    const totals = JSON.parse(out);
    expect(totals).toMatchObject({ read: LINES, kept: LINES, records: LINES, rejected: 0, unknown: 0 });
    expect(code).toBe(0);
    const ids = await stored(LINES);
    expect(ids).toHaveLength(LINES);
    const known = new Set(ids);
    for (let seq = 0; seq < LINES; seq++)
      if (!known.has(`${totals.producer}-${seq}`)) throw new Error(`${seq} is missing`);
  });

  it("tells lines that cannot be kept, by file, line and reason, and what it has read of a torn gzip file", async () => {
    const good = fileOf("good.json", '{"msg":"one"}\n\n{"msg":"two"}\nnot json\n');
    const packed = gzipSync(Array.from({ length: 20_000 }, (_, at) => `{"msg":"packed ${at}"}\n`).join(""));
    const torn = fileOf("torn.gz", packed.subarray(0, packed.length - 2_000));
    const { out, err, code } = await send(good, torn, "-s", "torn", "--strict");
    expect(code).toBe(6);
    const lines = Number(/torn\.gz: its gzip data ends too early; (\d+) lines were read/.exec(err)?.[1]);
    expect(lines).toBeGreaterThan(10_000);
    const [kept, read] = [lines + 2, lines + 4].map((count) => count.toLocaleString("en")); // The empty line goes with the first.
    expect(out).toContain(`kept      ${kept} of ${read} lines, as ${(lines + 1).toLocaleString("en")} records`);
    expect(out).toMatch(/^rejected {2}2 lines: .*good\.json line 4 .*$/m);
    expect(await storedOf("torn", lines + 1)).toHaveLength(lines + 1);
  });

  it("keeps bytes that are not UTF-8, what looks like commands to a terminal, and lines from a pipe", async () => {
    const input = startLogpulse(["send", "-s", "odd", "--format", "text"], environment(), "open");
    const odd = ["caf\xe9", "a\0b", "\x1b[2Jgone", "r\r"].join("\n");
    input.write(Buffer.from(odd, "latin1"));
    input.endInput();
    const { code } = await input.ended;
    expect(code).toBe(0);
    expect((await storedOf("odd", 4)).sort()).toEqual(["\u001b[2Jgone", "a\0b", "caf\ufffd", "r"]);
    const found = await (await fetch(`${server.url}/v1/logs:export?query=service:odd`)).text();
    expect(found).toContain(`"raw":"${Buffer.from("caf\xe9", "latin1").toString("base64")}"`);
  });

  it("sends at once what a program writes, and joins what belongs together", async () => {
    const input = startLogpulse(["send", "-s", "trickle", "--format", "text", "--json"], environment(), "open");
    input.write("ERROR one\n\tat a.B(C.java:1)\n");
    await storedOf("trickle", 1);
    input.write("INFO two\n");
    expect(await storedOf("trickle", 2)).toEqual(["ERROR one\n\tat a.B(C.java:1)", "INFO two"]);
    input.kill("SIGINT");
    const { out, code } = await input.ended;
    expect(JSON.parse(out)).toMatchObject({ read: 3, kept: 3, records: 2, unknown: 0 });
    expect(code).toBe(0);
  });

  it("says with Ctrl-C what is not acknowledged", async () => {
    const file = path("interrupted.log");
    await writeLines(file, 200_000);
    server.process.pause();
    try {
      const sending = startLogpulse(["send", file, "-s", "interrupted", "--json"], environment());
      await eventually(
        async () => sending.err,
        (err) => err.includes("read as text"),
      );
      sending.kill("SIGINT");
      const { out, code } = await sending.ended;
      const totals = JSON.parse(out);
      expect(totals).toMatchObject({ kept: 0, rejected: 0 });
      expect(totals.unknown).toBe(totals.read);
      expect(totals.read).toBeGreaterThan(0);
      expect(code).toBe(130);
    } finally {
      server.process.resume();
    }
  });

  it.each([
    [
      "is no server",
      ["--addr", "127.0.0.1:1", "--timeout", "1s"],
      3,
      /^logpulse: 127\.0\.0\.1:1 has taken nothing for \d\.\d+ s: connect ECONNREFUSED$/m,
    ],
    ["is no such file", ["no-such.log"], 2, /^logpulse: no-such\.log cannot be read: there is no such file$/m],
    [
      "is a producer of another time",
      ["--producer", "0192f8a0c00070008000000000000000"],
      6,
      /^logpulse: the server does not take this producer: /m,
    ],
  ])("says so where there %s", async (_name, args, exitCode, message) => {
    const file = fileOf("few.log", "INFO a\nINFO b\n");
    const { code, err } = await send(file, "-s", "few", ...args);
    expect(err).toMatch(message);
    expect(code).toBe(exitCode);
  });

  it("shows without a server what would be sent", async () => {
    const file = fileOf("dry.log", '127.0.0.1 - - [01/Mar/2026:10:00:00 +0000] "GET /a HTTP/1.1" 404 12\nother\n');
    const { out, err, code } = await send(
      file,
      "-s",
      "dry",
      "--dry-run",
      "--format",
      "combined",
      "--addr",
      "127.0.0.1:1",
    );
    expect(out).toMatch(/^line 1\n {2}time +2026-03-01T10:00:00.000000000Z\n {2}level +WARN \(13\)\n/);
    expect(out).toMatch(/^line 2: kept as text: has no \[day\/month\/year:time zone\]/m);
    expect(err).toMatch(/2 lines looked at: 2 records by combined/);
    expect(code).toBe(0);
  });

  it.runIf(havePseudoTerminal())("shows on a terminal how far it is, and leaves nothing of that behind", async () => {
    const file = path("shown.log");
    await writeLines(file, 300_000);
    const sending = inPseudoTerminal([process.execPath, LOGPULSE, "send", file, "-s", "shown"], {
      env: environment(),
      columns: 60,
    });
    await sending.until(
      ({ text }) => /^sent [\d.,]+( M)? · kept [\d,]+ · waiting [\d,]+ · [\d,]+ l.*…$/m.test(text),
      60_000,
    );
    expect(await sending.ended).toMatchObject({ exitCode: 0 });
    expect(sending.screen.text).not.toMatch(/^sent /m);
    expect(sending.screen.text).toMatch(/^kept {6}300,000 of 300,000 lines, in /m);
  });
});

async function writeLines(path: string, count: number): Promise<void> {
  const file = createWriteStream(path);
  for (let at = 0; at < count; at += 1_000) {
    const lines = Array.from(
      { length: Math.min(1_000, count - at) },
      (_, index) => `INFO line ${at + index} of many\n`,
    );
    if (!file.write(lines.join(""))) await new Promise((resolve) => file.once("drain", resolve));
  }
  await new Promise((resolve) => file.end(resolve));
}
