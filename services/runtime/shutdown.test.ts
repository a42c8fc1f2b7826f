import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import type { Log } from "./logger.ts";
import { until } from "./server.fixture.ts";
import { type Part, runParts } from "./shutdown.ts";

/** What happened, in order: starts, stops, log lines at warn and above, the exit. */
function stage(drainMsMax = 1_000, stopNoticeMs = 0) {
  const events: string[] = [];
  const process = Object.assign(new EventEmitter(), { exit: (code: number) => void events.push(`exit ${code}`) });
  const write = (level: string) => (_: object, message?: string) => void events.push(`${level}: ${message}`);
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: write("warn"), error: write("error"), fatal: write("fatal") } as Log;
  const part = (name: string, changes: Partial<Part> = {}): Part => ({
    name,
    start: async () => void events.push(`start ${name}`),
    stop: async () => void events.push(`stop ${name}`),
    ...changes,
  });
  const run = (parts: Part[]) => runParts(parts, { log, process, stopNoticeMs, drainMsMax });
  const exited = () => until(() => events.some((event) => event.startsWith("exit")));
  return { events, process, part, run, exited };
}

describe("runParts", () => {
  it.each(["SIGTERM", "SIGINT"])("starts in order, and on %s stops in reverse order", async (signal) => {
    const { events, process, part, run, exited } = stage();
    await run([part("store"), part("worker"), part("server")]);
    process.emit(signal);
    await exited();
    const started = ["start store", "start worker", "start server"];
    assert.deepEqual(events, [...started, "stop server", "stop worker", "stop store", "exit 0"]);
  });

  describe("with a notice", () => {
    const NOTICE_MS = 200;

    /** A process whose server announces its stop, and how long after the announcement it stopped. */
    function announcingStage() {
      const { part, ...rest } = stage(1_000, NOTICE_MS);
      let announcedAtMs = Number.NaN;
      let stoppedAtMs = Number.NaN;
      const server = part("server", {
        announceStop: () => {
          announcedAtMs = performance.now();
          rest.events.push("announce server");
        },
        stop: async () => {
          stoppedAtMs = performance.now();
          rest.events.push("stop server");
        },
      });
      return { ...rest, parts: [part("store"), server], noticeMs: () => stoppedAtMs - announcedAtMs };
    }

    it("cuts it short at an error that nobody caught, and exits with 1", async () => {
      const { events, process, parts, run, exited, noticeMs } = announcingStage();
      await run(parts);
      process.emit("SIGTERM");
      process.emit("uncaughtException", new Error("a bug"));
      await exited();
      assert.ok(noticeMs() < NOTICE_MS / 2, `${noticeMs()} ms`);
      assert.equal(events.at(-1), "exit 1");
    });

    it("announces the stop at once, and stops when those who balance have had their time", async () => {
      const { events, process, parts, run, exited, noticeMs } = announcingStage();
      await run(parts);
      process.emit("SIGTERM");
      assert.deepEqual(events.slice(2), ["announce server"]);
      await exited();
      assert.ok(noticeMs() > NOTICE_MS - 5, `${noticeMs()} ms`);
      assert.deepEqual(events.slice(2), ["announce server", "stop server", "stop store", "exit 0"]);
    });

    it("gives the parts their whole time to stop behind it", async () => {
      const { events, process, part, run, exited } = stage(NOTICE_MS, NOTICE_MS);
      const slow = { announceStop: () => undefined, stop: () => sleep(NOTICE_MS / 2) };
      await run([part("server", slow)]);
      process.emit("SIGTERM");
      await exited();
      assert.deepEqual(events, ["start server", "exit 0"]);
    });

    it("exits at once on a second signal all the same", async () => {
      const { events, process, parts, run } = announcingStage();
      await run(parts);
      process.emit("SIGTERM");
      process.emit("SIGTERM");
      assert.deepEqual(events.slice(3), ["warn: a second signal: exiting at once", "exit 143"]);
    });

    it("gives none after an error that nobody caught, nor where nobody can call yet", async () => {
      const failed = announcingStage();
      await failed.run(failed.parts);
      failed.process.emit("uncaughtException", new Error("no"));
      await failed.exited();
      const fatal = "fatal: an exception that nobody caught: stopping";
      assert.deepEqual(failed.events.slice(2), [fatal, "stop server", "stop store", "exit 1"]);
      const early = stage(1_000, 60_000);
      const waits = (signal: AbortSignal) => sleep(10_000, undefined, { signal });
      const running = early.run([early.part("waits", { start: waits }), early.part("server")]);
      await sleep(20);
      early.process.emit("SIGTERM");
      await early.exited();
      await running;
    });
  });

  it("exits at once on a second signal", async () => {
    const { events, process, part, run } = stage();
    await run([part("slow", { stop: () => sleep(500) })]);
    process.emit("SIGINT");
    process.emit("SIGTERM");
    assert.deepEqual(events.slice(1), ["warn: a second signal: exiting at once", "exit 143"]);
  });

  it("leaves a part behind that does not stop, still stops the others, and exits with 1", async () => {
    const { events, process, part, run, exited } = stage(1_200);
    await run([part("store"), part("hangs", { stop: () => new Promise<void>(() => {}) }), part("server")]);
    const before = performance.now();
    process.emit("SIGTERM");
    await exited();
    assert.ok(performance.now() - before < 5_000);
    const left = "error: did not stop in time: left behind";
    assert.deepEqual(events.slice(1), ["start hangs", "start server", "stop server", left, "stop store", "exit 1"]);
  });

  it("goes on where a part fails to stop, and exits with 1", async () => {
    const { events, process, part, run, exited } = stage();
    await run([part("store"), part("fails", { stop: async () => Promise.reject(new Error("no")) })]);
    process.emit("SIGTERM");
    await exited();
    assert.deepEqual(events.slice(2), ["error: failed to stop", "stop store", "exit 1"]);
  });

  it("stops what it has started where a part cannot start", async () => {
    const { events, part, run } = stage();
    await run([part("store"), part("fails", { start: async () => Promise.reject(new Error("no")) }), part("server")]);
    assert.deepEqual(events, ["start store", "fatal: cannot start", "stop fails", "stop store", "exit 1"]);
  });

  it("gives up waiting for a part to start when it is told to stop", async () => {
    const { events, process, part, run, exited } = stage();
    const waits = (signal: AbortSignal) => sleep(10_000, undefined, { signal });
    const running = run([part("store"), part("waits", { start: waits }), part("server")]);
    await sleep(20);
    process.emit("SIGTERM");
    await exited();
    await running;
    assert.deepEqual(events, ["start store", "stop waits", "stop store", "exit 0"]);
  });

  it.each([
    ["uncaughtException", "an exception that nobody caught: stopping"],
    ["unhandledRejection", "a rejection that nobody handled: stopping"],
  ])("drains after an %s, and exits with 1", async (event, message) => {
    const { events, process, part, run, exited } = stage();
    await run([part("server")]);
    process.emit(event, new Error("no"));
    process.emit(event, new Error("again"));
    await exited();
    assert.deepEqual(events.slice(1), [`fatal: ${message}`, "stop server", `fatal: ${message}`, "exit 1"]);
  });
});
