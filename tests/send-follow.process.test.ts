import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SeededRandom } from "../cli/generate/seeded-random.ts";
import { type EmbeddedInstallation, startEmbedded } from "./embedded-installation.ts";
import { eventually } from "./eventually.ts";
import { logpulse, startLogpulse } from "./logpulse-command.ts";

const ROUNDS = Number(process.env.FOLLOW_ROUNDS ?? 10);
const SEED = Number(process.env.FOLLOW_SEED ?? 1);
const ROUND_MS_MAX = 1_500; // From the start of a follower until it is killed, a second of which it needs to begin.

describe("logpulse send --follow", { timeout: 120_000 + ROUNDS * 5_000 }, () => {
  let server: EmbeddedInstallation;
  let folder: string;
  let log: string;
  let service = "";
  let services = 0;
  let linesWritten = 0;

  const environment = () => ({ LOGPULSE_ADDR: server.address, XDG_STATE_HOME: join(folder, "state"), TZ: "UTC" });
  const follow = (...more: string[]) =>
    startLogpulse(["send", log, "-s", service, "--follow", "--format", "text", "--json", ...more], environment());

  /** Lines that are not like any other. */
  function write(count: number): void {
    appendFileSync(log, Array.from({ length: count }, () => `INFO line ${linesWritten++}\n`).join(""));
  }

  async function storedLines(): Promise<number[]> {
    const answer = await fetch(`${server.url}/v1/logs:export?query=service:${service}`);
    const messages = (await answer.text()).matchAll(/"message":"INFO line (\d+)"/g);
    return [...messages].map(([, line]) => Number(line)).sort((one, other) => one - other);
  }

  const untilStored = (lines: number) =>
    eventually(storedLines, (stored) => stored.length >= lines, 60_000).then((stored) => {
      expect(stored).toEqual(Array.from({ length: lines }, (_, line) => line));
    });

  beforeAll(async () => {
    server = await startEmbedded();
    folder = mkdtempSync(join(tmpdir(), "logpulse-follow-"));
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    service = `followed-${services++}`;
    log = join(folder, `${service}.log`);
    linesWritten = 0;
  });

  it("goes on through rotations of both kinds and a restart, and ends well with Ctrl-C", async () => {
    const first = follow();
    await eventually(
      async () => first.err,
      (err) => err.includes("there is no such file yet; waiting for it"),
    );
    write(3);
    await untilStored(3);
    write(2);
    renameSync(log, `${log}.1`);
    appendFileSync(`${log}.1`, `INFO line ${linesWritten++}\n`);
    write(2);
    await untilStored(8);
    truncateSync(log);
    write(1);
    await untilStored(9);
    first.kill("SIGINT");
    const { out, code } = await first.ended;
    expect(JSON.parse(out)).toMatchObject({ read: 9, kept: 9, unknown: 0 });
    expect(code).toBe(0);
    write(4);
    const second = follow();
    await untilStored(13);
    second.kill("SIGTERM");
    expect(JSON.parse((await second.ended).out)).toMatchObject({ read: 4, kept: 4 });
    const names = readdirSync(join(folder, "state", "logpulse")).filter((name) => name.startsWith(service));
    expect(names.map((name) => name.replace(/-[0-9a-f]{16}\./, "-."))).toEqual([
      `${service}.log-.position`,
      `${service}.log-.position.lock`,
    ]);
  });

  it("keeps its positions where it is told to, and alone", async () => {
    const positions = join(folder, "here", "positions.json");
    write(2);
    const first = follow("--position-file", positions);
    await untilStored(2);
    expect(JSON.parse(readFileSync(positions, "utf8")).files).toMatchObject([{ path: log, service, format: "text" }]);
    const { code, err } = await logpulse(
      ["send", log, "-s", service, "--follow", "--position-file", positions],
      environment(),
    );
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(`another logpulse send uses the position file ${positions}`),
    ]);
    first.kill("SIGKILL");
    await first.ended;
    write(1);
    const second = follow("--position-file", positions);
    await untilStored(3);
    second.kill("SIGINT");
    expect((await second.ended).code).toBe(0);
  });

  it("loses no position by a start that is refused", async () => {
    write(3);
    const first = follow();
    await untilStored(3);
    first.kill("SIGINT");
    await first.ended;
    const typo = await logpulse(["send", log, "-s", "other", "--follow", "--format", "text"], environment());
    expect([typo.code, typo.err]).toEqual([2, expect.stringContaining(`was followed with -s ${service}`)]);
    write(1);
    const second = follow();
    await untilStored(4);
    second.kill("SIGINT");
    expect(JSON.parse((await second.ended).out)).toMatchObject({ read: 1, kept: 1 });
  });

  it("goes on with others where one of its files cannot be followed", async () => {
    const packed = `${log}.packed`;
    writeFileSync(packed, gzipSync("INFO packed\n"));
    const follower = follow(packed);
    write(2);
    await untilStored(2);
    follower.kill("SIGINT");
    const { err, code } = await follower.ended;
    expect(err).toContain(`${packed} holds gzip data, which cannot be followed; going on without it`);
    expect(code).toBe(6);
    const alone = await logpulse(["send", packed, "-s", service, "--follow"], environment());
    expect(alone.code).toBe(2);
  });

  it("says that it was interrupted while its positions could not be noted", async () => {
    const positions = join(folder, "gone", "positions.json");
    const follower = follow("--position-file", positions);
    await eventually(
      async () => follower.err,
      (err) => err.includes("waiting for it"),
    );
    rmSync(join(folder, "gone"), { recursive: true });
    write(1);
    await eventually(
      async () => follower.err,
      (err) => err.includes("the position file cannot be written"),
    );
    follower.kill("SIGINT");
    const { err, code } = await follower.ended;
    expect(err).toContain("interrupted while the position file could not be written");
    expect(code).toBe(130);
  });

  it(`stores each line once through ${ROUNDS} kills of it at moments of chance, seed ${SEED}`, async () => {
    const first = follow();
    await eventually(
      async () => first.err,
      (err) => err.includes("waiting for it"), // Files of before it began would be none of its business.
    );
    const random = new SeededRandom(SEED);
    let rotations = 0;
    let isWriting = true;
    const writing = (async () => {
      while (isWriting) {
        write(random.below(60));
        if (random.chance(0.04)) renameSync(log, `${log}.${++rotations}`);
        await sleep(random.below(20));
      }
    })();
    for (let round = 0; round < ROUNDS; round++) {
      const follower = round === 0 ? first : follow("--batch", String(1 + random.below(50)));
      await sleep(300 + random.below(ROUND_MS_MAX));
      follower.kill("SIGKILL");
      await follower.ended;
    }
    isWriting = false;
    await writing;
    write(1);
    const last = follow();
    await untilStored(linesWritten);
    last.kill("SIGINT");
    expect((await last.ended).code).toBe(0);
    expect(rotations).toBeGreaterThan(0);
    // No record differs from what is stored under its identity.
    expect(await (await fetch(`${server.url}/v1/deadLetters`)).json()).toMatchObject({ total: "0" });
  });

  it("goes on where the server is killed and comes back", async () => {
    const follower = follow();
    let isWriting = true;
    const writing = (async () => {
      while (isWriting) {
        write(20);
        await sleep(5);
      }
    })();
    for (let kills = 1; kills <= 2; kills++) {
      const before = linesWritten;
      await eventually(storedLines, (stored) => stored.length > before); // It is in the midst of sending.
      await server.process.kill();
      await sleep(500);
      await server.process.restart();
      await eventually(
        async () => follower.err.match(/takes records again after/g) ?? [],
        (told) => told.length === kills,
      );
    }
    isWriting = false;
    await writing;
    await untilStored(linesWritten);
    follower.kill("SIGINT");
    const { out, code } = await follower.ended;
    expect(JSON.parse(out)).toMatchObject({ read: linesWritten, kept: linesWritten, unknown: 0 });
    expect(code).toBe(0);
  });
});
