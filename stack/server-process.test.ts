import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, describe, it } from "vitest";
import { freePort } from "./free-port.ts";
import { identify } from "./processes.ts";
import { type RunningServer, type ServerProgram, serverDirectory, startServer } from "./server-process.ts";
import { waitUntil } from "./wait.ts";

/** A small server that answers with its own number. */
const ANSWERS = `require("node:http").createServer((_, res) => res.end(String(process.pid))).listen(+process.env.PORT, "127.0.0.1")`;

const started: RunningServer[] = [];
const directories: string[] = [];

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function directoryForTest(): string {
  const directory = serverDirectory("small", undefined);
  directories.push(directory);
  return directory;
}

async function program(script: string, own: Partial<ServerProgram> = {}): Promise<ServerProgram> {
  const port = own.port ?? (await freePort());
  return {
    name: "small",
    command: process.execPath,
    args: ["-e", script],
    env: { PORT: String(port) },
    port,
    directory: directoryForTest(),
    outlivesUs: undefined,
    healthy: async () => (await answer(port)) !== "",
    startMsMax: 20_000,
    ...own,
  };
}

async function start(script: string): Promise<RunningServer> {
  const server = await startServer(await program(script));
  started.push(server);
  return server;
}

async function answer(port: number): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(500) })).text();
}

describe("a started server", { timeout: 30_000 }, () => {
  it("answers, crashes, comes back on its port as another process, and leaves nothing behind", async () => {
    const server = await start(ANSWERS);
    assert.equal(await answer(server.port), String(server.pid));
    const first = server.identity;
    await server.kill();
    assert.equal(server.alive(), false);
    assert.equal(identify(first.pid), undefined);
    await assert.rejects(answer(server.port));
    await server.restart();
    assert.equal(await answer(server.port), String(server.pid));
    assert.notEqual(server.pid, first.pid);
    await server.remove();
    await server.stop(); // Nothing left to stop.
    assert.equal(existsSync(server.directory), false);
  });

  it("answers nothing while it is paused, but lives", async () => {
    const server = await start(ANSWERS);
    server.pause();
    await assert.rejects(answer(server.port));
    assert.equal(server.alive(), true);
    server.resume();
    assert.equal(await answer(server.port), String(server.pid));
  });

  it("is seen to be dead when it ends by itself", async () => {
    const server = await start(`${ANSWERS}; setTimeout(() => process.exit(3), 300)`);
    assert.equal(await waitUntil(() => !server.alive(), 10_000), true);
  });

  it.runIf(process.platform === "linux")("ends when its starter is killed", async () => {
    const module = join(import.meta.dirname, "start-and-hang.fixture.ts");
    const starter = spawn(process.execPath, [module, directoryForTest()], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(starter.stdout!, "data")) as [Buffer];
    const pid = Number(line.toString());
    assert.notEqual(identify(pid), undefined);
    starter.kill("SIGKILL");
    assert.equal(await waitUntil(() => identify(pid) === undefined, 10_000), true);
  });
});

describe("a server that does not start", { timeout: 30_000 }, () => {
  it("tells how it ended and the end of its log", async () => {
    const wrong = await program(`console.error("no such setting: speed"); process.exit(7)`);
    await assert.rejects(
      startServer(wrong),
      /small ended with exit code 7; the end of .*small\.log:\nno such setting: speed/s,
    );
  });

  it("is ended when it is not healthy in time", async () => {
    const mute = await program(`console.log(process.pid); setInterval(() => {}, 1000)`, { startMsMax: 1_000 });
    await assert.rejects(startServer(mute), /was not healthy within 1 s/);
    const pid = Number(readFileSync(join(mute.directory, "small.log"), "utf8"));
    assert.equal(identify(pid), undefined);
  });

  it("does not take somebody else on its port for itself", async () => {
    const port = await freePort();
    const other = createServer((_, res) => res.end("other")).listen(port, "127.0.0.1");
    await once(other, "listening");
    await assert.rejects(program(ANSWERS, { port }).then(startServer), /something else listens/);
    other.close();
  });

  it("names a program that does not exist", async () => {
    const absent = await program("", { command: "/nowhere/at-all", outlivesUs: { remember: () => {} } });
    await assert.rejects(startServer(absent), /small: cannot run \/nowhere\/at-all/);
  });
});
