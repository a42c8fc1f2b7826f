import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";
import { LoadSender } from "./load-sender.ts";
import { LOGPULSE, logpulse, startLogpulse } from "./logpulse-command.ts";
import { havePseudoTerminal, inPseudoTerminal } from "./pseudo-terminal.ts";
import { wrongWithTail } from "./tail-under-cuts.ts";

const HEAD_MS_MAX = 5_000; // A reader that has gone is seen within 100 ms; the rest is a busy machine's start.

/** `logpulse tail`, as a person or a program runs it. */
export function tailCommandContract(mode: string, start: StartInstallation): void {
  describe(`logpulse tail, ${mode}`, { timeout: 120_000 }, () => {
    let server: Installation;
    let folder: string;
    let sent = 0;
    const environment = () => ({ LOGPULSE_ADDR: server.address, XDG_CONFIG_HOME: folder, TZ: "UTC" });
    const startTail = (...args: string[]) => startLogpulse(["tail", ...args], environment());

    /** Records "n 0", "n 1", … of a service, over all calls. */
    async function write(service: string, records: number, text = ""): Promise<void> {
      const ingest = createClient(IngestService, createGrpcTransport({ baseUrl: server.url }));
      const messages = Array.from({ length: records }, () => ({ service, message: `n ${sent++} ${text}` }));
      await ingest.write({ producerId: makeUuidV7(Date.now(), randomBytes(10)), records: messages });
    }

    const numbersIn = (out: string) => [...out.matchAll(/ {2}n (\d+)/g)].map(([, number]) => Number(number));
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

    beforeAll(async () => {
      server = await start();
      folder = mkdtempSync(join(tmpdir(), "logpulse-tail-"));
    });
    afterAll(async () => {
      await server?.stop();
      rmSync(folder, { recursive: true });
    });

    it("shows what comes, and ends well with Ctrl-C", async () => {
      const tail = startTail("-s", "live", "--since", "-1h");
      const from = sent;
      await write("live", 3);
      await write("other", 3);
      await eventually(
        async () => numbersIn(tail.out),
        (numbers) => numbers.length >= 3,
      );
      tail.kill("SIGINT");
      const { code, err } = await tail.ended;
      expect([numbersIn(tail.out), code, err]).toEqual([range(from, from + 3), 0, ""]);
    });

    it.runIf(havePseudoTerminal())("says on a terminal what it follows, and ends well with its Ctrl-C", async () => {
      await write("typed", 1);
      const tail = inPseudoTerminal([process.execPath, LOGPULSE, "tail", "-s", "typed", "--since", "-1h"], {
        env: environment(),
      });
      await tail.until(({ text }) => / · typed {2}n \d+$/m.test(text));
      expect(tail.screen.text).toContain(`-- following ${server.address}, times in UTC; Ctrl-C ends it`);
      tail.type("\u0003");
      expect(await tail.ended).toMatchObject({ exitCode: 0, isCanonical: true, isEchoing: true });
    });

    it("has each record as a message of the contract, the last one of an answer with the cursor", async () => {
      await write("json", 2);
      const { out, code } = await logpulse(
        ["tail", "-s", "json", "--since", "-1h", "--for", "2s", "--json"],
        environment(),
      );
      const messages = out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(messages).toHaveLength(2);
      for (const { records } of messages) expect(records.logs[0]).toMatchObject({ record: { service: "json" } });
      expect(messages.map(({ cursor }) => Boolean(cursor))).toEqual([false, true]);
      expect(code).toBe(0);
    });

    it("goes on where a cursor file says, and nothing comes twice", async () => {
      const path = join(folder, "here.cursor");
      const run = () =>
        logpulse(["tail", "-s", "cursor", "--since", "-1h", "--cursor-file", path, "--for", "2s"], environment());
      const from = sent;
      await write("cursor", 5);
      expect(numbersIn((await run()).out)).toEqual(range(from, from + 5));
      expect(readFileSync(path, "utf8")).toMatch(/^\S+\n$/);
      await write("cursor", 4);
      expect(numbersIn((await run()).out)).toEqual(range(from + 5, from + 9));
      expect((await run()).out).toBe("");
      writeFileSync(path, "AAAA\n");
      const { code, err } = await run();
      expect([code, err]).toEqual([2, expect.stringContaining(`the cursor file ${path} does not fit`)]);
    });

    it("ends with `| head -1`, also while nothing more comes", async () => {
      await write("head", 1);
      const startMs = performance.now();
      const command = `"${process.execPath}" "${LOGPULSE}" tail -s head --since -1h | head -1; echo "\${PIPESTATUS[0]}"`;
      const { out, err } = await inBash(command, environment()).ended;
      expect(out).toMatch(/^\S+ · head {2}n \d+ \n0\n$/);
      expect(err).toBe("");
      expect(performance.now() - startMs).toBeLessThan(HEAD_MS_MAX);
    });

    it("fetches what a slow reader missed, in its place", async () => {
      const tail = `"${process.execPath}" "${LOGPULSE}" tail -s slow --since -1h --for 20s`;
      const reader = inBash(`${tail} | (read -r first; echo "$first"; sleep 5; cat)`, environment());
      const from = sent;
      await write("slow", 1);
      await eventually(
        async () => reader.said.out,
        (out) => out !== "", // It has caught up, and stops reading now.
      );
      for (let batch = 0; batch < 12; batch++) await write("slow", 2_000, "x".repeat(1_000));
      const { out, err } = await reader.ended;
      // Each batch is a producer's own and may stand in any partition; no two of them have an order.
      expect(numbersIn(out).toSorted((a, b) => a - b)).toEqual(range(from, from + 24_001));
      expect(err).toMatch(/^-- [\d,]+ records missed here, not taken fast enough; fetching them\n-- fetched$/m);
    });

    it("goes on when the server is killed and comes back: nothing is missing, nothing comes twice", async () => {
      const tail = startTail("-s", "killed", "--since", "-1h", "--json");
      const answering = server.processes.find(({ name }) => name === "query") ?? server.processes[0]!;
      const sender = new LoadSender(server.address, "killed");
      sender.start();
      const shown = () =>
        tail.out
          .split("\n")
          .slice(0, -1)
          .map((line) => JSON.parse(line).records.logs[0].id as string);
      for (let kills = 0; kills < 2; kills++) {
        const before = shown().length;
        await eventually(
          async () => shown().length,
          (length) => length > before + 100,
        );
        await answering.kill();
        await answering.restart();
      }
      await sender.stop();
      await eventually(
        async () => new Set(shown()).size,
        (size) => size >= sender.acknowledged.length,
      );
      tail.kill("SIGTERM");
      const { code, err } = await tail.ended;
      expect(wrongWithTail(shown(), sender.acknowledged, sender.sentTwice)).toEqual([]);
      expect(code).toBe(0);
      expect(err.match(/^-- the connection was cut off .*; connecting again$/gm)).toHaveLength(2);
      expect(err.match(/^-- connected again, going on where it was$/gm)).toHaveLength(2);
    });
  });
}

function inBash(command: string, env: Record<string, string>) {
  const child = spawn("bash", ["--norc", "-c", command], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"], // With a socket as its input bash takes itself for a remote shell.
  });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.err += text;
  });
  return { said, ended: new Promise<typeof said>((resolve) => child.once("close", () => resolve(said))) };
}
