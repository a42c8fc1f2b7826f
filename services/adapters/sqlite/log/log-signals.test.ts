import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import { LogSignals } from "./log-signals.ts";

const patient = new AbortController().signal;

/** A thread that counts partition 1 up when told to, and answers when it has seen it raised from here. */
function otherThread(signals: LogSignals): Worker {
  const module = JSON.stringify(new URL("./log-signals.ts", import.meta.url));
  const source = `
    import { parentPort, workerData } from "node:worker_threads";
    import { LogSignals } from ${module};
    const signals = new LogSignals(workerData);
    parentPort.on("message", async ({ raiseTo, waitBehind }) => {
      if (raiseTo !== undefined) signals.raiseEnd(1, raiseTo);
      else parentPort.postMessage(await signals.endBehind(1, waitBehind, new AbortController().signal));
    });`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
    workerData: signals.buffer,
  });
  onTestFinished(async () => void (await worker.terminate()));
  return worker;
}

describe("LogSignals", () => {
  it("keeps three numbers of each partition apart, also those beyond 2^53", () => {
    const signals = LogSignals.forPartitions(3);
    const all = () => [0, 1, 2].map((at) => [signals.end(at), signals.settled(at), signals.safe(at)]);
    expect([signals.partitions, all()]).toEqual([3, Array(3).fill([0n, 0n, 0n])]);
    for (const at of [0, 1, 2]) {
      signals.raiseEnd(at, 2n ** 60n + BigInt(at));
      signals.raiseSettled(at, BigInt(10 + at));
      signals.raiseSafe(at, BigInt(20 + at));
    }
    expect(all()).toEqual([0n, 1n, 2n].map((at) => [2n ** 60n + at, 10n + at, 20n + at]));
    expect(new LogSignals(signals.buffer).end(2)).toBe(2n ** 60n + 2n);
  });

  it("never lowers a number", () => {
    const signals = LogSignals.forPartitions(1);
    for (const offset of [5n, 3n]) {
      signals.raiseEnd(0, offset);
      signals.raiseSettled(0, offset);
      signals.raiseSafe(0, offset);
    }
    expect([signals.end(0), signals.settled(0), signals.safe(0)]).toEqual([5n, 5n, 5n]);
  });

  it("answers at once where the end lies behind the offset already", async () => {
    const signals = LogSignals.forPartitions(1);
    signals.raiseEnd(0, 7n);
    expect(await signals.endBehind(0, 6n, patient)).toBe(7n);
  });

  it("wakes those who wait when another thread raises the end, and is heard by it", async () => {
    const signals = LogSignals.forPartitions(2);
    const worker = otherThread(signals);
    for (let offset = 0n; offset < 50n; offset++) {
      const here = [signals.endBehind(1, offset, patient), signals.endBehind(1, offset, patient)];
      worker.postMessage({ raiseTo: offset + 1n });
      expect(await Promise.all(here)).toEqual([offset + 1n, offset + 1n]);
    }
    worker.postMessage({ waitBehind: 50n });
    const heard = once(worker, "message");
    setTimeout(() => signals.raiseEnd(1, 51n), 50); // After it has begun to wait.
    expect(await heard).toEqual([51n]);
  });

  it("does not wake for another partition, nor before the end lies behind the offset", async () => {
    const signals = LogSignals.forPartitions(2);
    let woken = false;
    const waiting = signals.endBehind(1, 2n, patient).then((end) => {
      woken = true;
      return end;
    });
    signals.raiseEnd(0, 9n);
    signals.raiseEnd(1, 2n);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(woken).toBe(false);
    signals.raiseEnd(1, 3n);
    expect(await waiting).toBe(3n);
  });

  it("stops waiting when told to, and lets others wait on", async () => {
    const signals = LogSignals.forPartitions(1);
    const stop = new AbortController();
    const stopped = signals.endBehind(0, 0n, stop.signal);
    const other = signals.endBehind(0, 0n, patient);
    stop.abort(new Error("enough"));
    await expect(stopped).rejects.toThrow("enough");
    await expect(signals.endBehind(0, 0n, stop.signal)).rejects.toThrow("enough");
    signals.raiseEnd(0, 1n);
    expect(await other).toBe(1n);
  });
});
