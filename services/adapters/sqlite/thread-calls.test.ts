import { setTimeout as sleep } from "node:timers/promises";
import { MessageChannel, Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import { isKind, LogPulseError } from "../../domain/errors.ts";
import { until } from "./log/event-log.fixture.ts";
import { answerCalls, type ThreadCall, ThreadCalls, type ThreadHandlers } from "./thread-calls.ts";

/** Calls to handlers at the other end of a channel. */
function callsTo<H extends ThreadHandlers>(handlers: H): ThreadCalls<H> {
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  answerCalls(port2, handlers);
  return new ThreadCalls<H>(port1);
}

type BusyHandlers = { spin(call: ThreadCall): string; echo(call: ThreadCall, text: string): string };

/** A thread whose `spin` keeps it busy until the call is cancelled, and which says afterwards that it was. */
function busyThread(): { worker: Worker; calls: ThreadCalls<BusyHandlers>; said: unknown[] } {
  const source = `
    import { parentPort } from "node:worker_threads";
    import { answerCalls } from ${JSON.stringify(new URL("./thread-calls.ts", import.meta.url))};
    answerCalls(parentPort, {
      echo: (call, text) => text,
      spin(call) {
        parentPort.postMessage({ said: "spinning" });
        const endsAt = performance.now() + 5_000;
        while (!call.isCancelled() && performance.now() < endsAt);
        parentPort.postMessage({ said: call.isCancelled() ? "cancelled" : "late" });
      },
    });`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  onTestFinished(async () => void (await worker.terminate()));
  const said: unknown[] = [];
  worker.on("message", (message: { said?: unknown }) => {
    if (message.said !== undefined) said.push(message.said);
  });
  return { worker, calls: new ThreadCalls<BusyHandlers>(worker), said };
}

const errorOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined).catch((error) => error);

describe("calls between threads", () => {
  it("gives each caller its answer, in whatever order they come", async () => {
    const calls = callsTo({
      after: async (_call: ThreadCall, ms: number, value: unknown) => {
        await sleep(ms);
        return value;
      },
    });
    const answers = [30, 10, 20, 0].map((ms) => calls.call("after", [ms, { ms, big: 2n ** 60n }]));
    expect(calls.waitingCount).toBe(4);
    expect(await Promise.all(answers)).toEqual([30, 10, 20, 0].map((ms) => ({ ms, big: 2n ** 60n })));
    expect(calls.waitingCount).toBe(0);
  });

  it("gives buffers away where it is told to, and copies them otherwise", async () => {
    const calls = callsTo({
      sum: (_call: ThreadCall, bytes: Uint8Array) => bytes.reduce((sum, byte) => sum + byte, 0),
    });
    const bytes = new Uint8Array([1, 2, 3]);
    expect(await calls.call("sum", [bytes])).toBe(6);
    expect(bytes.length).toBe(3);
    expect(await calls.call("sum", [bytes], { transfer: [bytes.buffer] })).toBe(6);
    expect(bytes.length).toBe(0);
  });

  it("keeps an error's kind, words, metadata and codes", async () => {
    const cause = Object.assign(new Error("disk I/O error"), { errcode: 778 });
    const failures = [
      new LogPulseError("log_unavailable", "no room", { cause, metadata: { free: "0" } }),
      new TypeError("plain"),
      "not even an error",
    ];
    const calls = callsTo({
      fail: (_call: ThreadCall, which: number) => {
        throw failures[which];
      },
    });
    const ours = await errorOf(calls.call("fail", [0]));
    expect(isKind(ours, "log_unavailable")).toBe(true);
    expect(ours).toMatchObject({ message: "no room", metadata: { free: "0" }, cause: { errcode: 778 } });
    expect(await errorOf(calls.call("fail", [1]))).toMatchObject({ message: "plain", stack: expect.any(String) });
    expect(await errorOf(calls.call("fail", [2]))).toMatchObject({ message: "not even an error" });
  });

  it("rejects what cannot be copied there or back, and a name that nobody answers to", async () => {
    const calls = callsTo({ give: () => () => "a function" });
    expect(await errorOf((calls as ThreadCalls<ThreadHandlers>).call("take", [() => "a function"]))).toMatchObject({
      name: "DataCloneError",
    });
    expect(await errorOf(calls.call("give", []))).toMatchObject({ message: expect.stringContaining("cloned") });
    expect(await errorOf((calls as ThreadCalls<ThreadHandlers>).call("nothing", []))).toMatchObject({
      message: 'the thread has no "nothing"',
    });
    expect(calls.waitingCount).toBe(0);
  });

  it("rejects at once when cancelled, and the busy thread sees it in the middle of its work", async () => {
    const { calls, said } = busyThread();
    const stop = new AbortController();
    const spinning = errorOf(calls.call("spin", [], { signal: stop.signal }));
    await until(() => said.length > 0);
    const behind = calls.call("echo", ["behind it"]);
    const begin = performance.now();
    stop.abort(new Error("nobody wants it"));
    expect(await spinning).toMatchObject({ message: "nobody wants it" });
    expect(performance.now() - begin).toBeLessThan(1_000);
    expect(await behind).toBe("behind it");
    expect(said).toEqual(["spinning", "cancelled"]);
  });

  it("never begins what was cancelled before its turn", async () => {
    const { calls, said } = busyThread();
    const [first, second] = [new AbortController(), new AbortController()];
    const spinning = [first, second].map(({ signal }) => errorOf(calls.call("spin", [], { signal })));
    await until(() => said.length > 0);
    second.abort(new Error("second"));
    first.abort(new Error("first"));
    expect(await Promise.all(spinning)).toMatchObject([{ message: "first" }, { message: "second" }]);
    expect(await calls.call("echo", ["alive"])).toBe("alive");
    expect(said).toEqual(["spinning", "cancelled"]);
  });

  it("tells a handler that waits for something by its signal", async () => {
    const reasons: unknown[] = [];
    const calls = callsTo({
      wait: ({ signal }: ThreadCall) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            reject(signal.reason);
          });
        }),
    });
    const stop = new AbortController();
    const waiting = errorOf(calls.call("wait", [], { signal: stop.signal }));
    await sleep(20);
    stop.abort(new Error("enough"));
    expect(await waiting).toMatchObject({ message: "enough" });
    await until(() => reasons.length > 0);
    expect(isKind(reasons[0], "cancelled")).toBe(true);
  });

  it("sends nothing where the signal was aborted before", async () => {
    let called = 0;
    const calls = callsTo({ count: () => ++called });
    const gone = AbortSignal.abort(new Error("gone"));
    expect(await errorOf(calls.call("count", [], { signal: gone }))).toMatchObject({ message: "gone" });
    expect(await calls.call("count", [])).toBe(1);
  });

  it("fails every call, those that wait and those that come, when the thread is dead", async () => {
    const { worker, calls, said } = busyThread();
    worker.on("exit", () => calls.fail(new LogPulseError("log_unavailable", "the thread has died")));
    const waiting = [calls.call("spin", []), calls.call("echo", ["x"])].map(errorOf);
    await until(() => said.length > 0);
    await worker.terminate();
    for (const reason of [...(await Promise.all(waiting)), await errorOf(calls.call("echo", ["y"]))]) {
      expect(reason).toMatchObject({ kind: "log_unavailable", message: "the thread has died" });
    }
    expect(calls.waitingCount).toBe(0);
  });
});
