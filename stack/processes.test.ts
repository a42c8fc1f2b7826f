import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, it } from "vitest";
import { endGroup, identify, isRunning, signalGroup } from "./processes.ts";
import { waitUntil } from "./wait.ts";

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) signalGroup(child.pid!, "SIGKILL");
});

/** A group of its own: a shell, and a child of it; `ready` is printed when both are there. */
async function startGroup(script: string): Promise<ChildProcess> {
  const child = spawn("sh", ["-c", `${script}\nsleep 60 & echo ready; wait`], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await once(child.stdout!, "data");
  return child;
}

describe("a process identity", () => {
  it("is the same at every look and belongs to a running process", () => {
    const self = identify(process.pid)!;
    assert.deepEqual(identify(process.pid), self);
    assert.equal(isRunning(self), true);
  });

  it("is not taken over by a later process of the same number", () => {
    assert.equal(isRunning({ pid: process.pid, startedAt: "another boot/1" }), false);
  });

  it("ends with its process, even while nobody has collected it", async () => {
    const child = spawn("true", { stdio: "ignore" });
    children.push(child);
    const identity = identify(child.pid!) ?? { pid: child.pid!, startedAt: "ended" };
    // No turn of the event loop lies in between, so Node has not collected the child: it is a zombie by now, or soon.
    for (let tries = 0; isRunning(identity) && tries < 100_000; tries++);
    assert.equal(isRunning(identity), false);
    await once(child, "exit");
    assert.equal(identify(child.pid!), undefined);
  });
});

describe("endGroup", { timeout: 30_000 }, () => {
  it("lets a group end by itself and takes its left-over children along", async () => {
    const child = await startGroup("trap 'exit 0' TERM");
    assert.equal(await endGroup(child.pid!, 5_000), true);
    assert.equal(identify(child.pid!), undefined);
  });

  it("kills a group that ignores SIGTERM, after the grace", async () => {
    const child = await startGroup("trap '' TERM");
    const began = performance.now();
    assert.equal(await endGroup(child.pid!, 200), false);
    assert.ok(performance.now() - began < 5_000);
  });

  it("ends a group that is paused", async () => {
    const child = await startGroup("trap 'exit 0' TERM");
    signalGroup(child.pid!, "SIGSTOP");
    assert.equal(await endGroup(child.pid!, 5_000), true);
  });

  it("has nothing to do for a group that has gone", async () => {
    const child = await startGroup("");
    await endGroup(child.pid!, 0);
    await endGroup(child.pid!, 0);
  });
});

describe("waitUntil", () => {
  it("takes an error for a not yet, and tells when the time is over", async () => {
    let asked = 0;
    const third = (): boolean => {
      asked++;
      if (asked === 1) throw new Error("refused");
      return asked === 3;
    };
    assert.equal(await waitUntil(third, 5_000), true);
    assert.equal(await waitUntil(() => false, 100), false);
  });
});
