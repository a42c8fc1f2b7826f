import { describe, expect, it, vi } from "vitest";
import { LogPulseError } from "../domain/errors.ts";
import {
  APPEND_PAUSE_MS,
  APPEND_QUEUE_BATCHES_MAX,
  APPEND_QUEUE_BYTES_MAX,
  JOINED_BATCHES_MAX,
  JOINED_BYTES_MAX,
} from "../domain/limits.ts";
import type { TraceHeaders } from "../domain/trace-headers.ts";
import type { Clock } from "../ports/clock.ts";
import type { EventLog } from "../ports/event-log.ts";
import { ManualClock } from "../ports/manual-clock.ts";
import { JoinedAppender } from "./joined-appender.ts";

/** A log whose appends wait until the test lets them go, one by one, with success or with an error. */
class SteppedLog implements EventLog {
  readonly partitions: number;
  readonly appends: {
    partition: number;
    batches: string[];
    traces: readonly (TraceHeaders | undefined)[] | undefined;
    end: (error?: Error) => void;
  }[] = [];

  constructor(partitions = 2) {
    this.partitions = partitions;
  }

  append(
    partition: number,
    batches: readonly Uint8Array[],
    traces?: readonly (TraceHeaders | undefined)[],
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => (error ? reject(error) : resolve());
      const texts = batches.map((batch) => Buffer.from(batch).toString().slice(0, 8));
      this.appends.push({ partition, batches: texts, traces, end });
    });
  }
  async check(): Promise<void> {}
  async close(): Promise<void> {}
}

const bytes = (text: string, length = text.length) => Buffer.from(text.padEnd(length, "."));
const patient = new AbortController().signal;
const hastyClock: Clock = Object.assign(new ManualClock(), { sleep: async () => {} });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("joined appends", () => {
  it("send the first batch at once and what comes meanwhile together, in order, per partition", async () => {
    const log = new SteppedLog();
    const appender = new JoinedAppender(log, new ManualClock());
    const done = [
      appender.append(0, bytes("a"), patient),
      appender.append(0, bytes("b"), patient),
      appender.append(1, bytes("x"), patient),
      appender.append(0, bytes("c"), patient),
    ];
    await turn();
    expect(log.appends.map(({ partition, batches }) => [partition, batches])).toEqual([
      [0, ["a"]],
      [1, ["x"]],
    ]);
    log.appends[0]!.end();
    await done[0];
    await turn();
    expect(log.appends[2]).toMatchObject({ partition: 0, batches: ["b", "c"] });
    log.appends[1]!.end();
    log.appends[2]!.end();
    await Promise.all(done);
    expect(appender.queued).toEqual({ batches: 0, bytes: 0 });
  });

  it("wait for more before the next one while many small batches come, all partitions together", async () => {
    const log = new SteppedLog();
    const clock = new ManualClock();
    const pauses = vi.spyOn(clock, "sleep").mock.calls;
    const appender = new JoinedAppender(log, clock);
    const done: Promise<void>[] = [];
    const come = (partition: number, ...texts: string[]) => {
      for (const text of texts) done.push(appender.append(partition, bytes(text), patient));
    };
    const end = async (append: number) => {
      log.appends[append]!.end();
      await turn();
    };
    come(0, "a", "b", "c", "d", "e");
    come(1, "u", "v", "w", "x", "y");
    await end(0);
    await end(1);
    expect(log.appends.slice(2).map(({ batches }) => batches.length)).toEqual([4, 4]); // One went before: no pause.
    come(0, "f");
    come(1, "z");
    await end(2);
    await end(3);
    expect([pauses.length, log.appends.length]).toEqual([1, 4]);
    come(0, "g");
    await clock.pass(APPEND_PAUSE_MS);
    expect(log.appends.slice(4).map(({ batches }) => batches)).toEqual([["f", "g"], ["z"]]);
    come(0, "h");
    await end(4);
    expect([pauses.length, log.appends.at(-1)!.batches]).toEqual([1, ["h"]]); // Two are few.
    await end(5);
    await end(6);
    await Promise.all(done);
  });

  it("do not wait after a large one", async () => {
    const log = new SteppedLog();
    const appender = new JoinedAppender(log, new ManualClock());
    const done = ["a", "b", "c", "d", "e"].map((text) => appender.append(0, bytes(text, 40_000), patient));
    log.appends[0]!.end();
    await turn();
    done.push(appender.append(0, bytes("f"), patient));
    log.appends[1]!.end();
    await turn();
    expect(log.appends[2]).toMatchObject({ batches: ["f"] });
    log.appends[2]!.end();
    await Promise.all(done);
  });

  it("keep each batch's trace with it, also where one is refused and the others go alone", async () => {
    const log = new SteppedLog();
    const appender = new JoinedAppender(log, new ManualClock());
    const trace = { traceparent: "of b" };
    const done = [
      appender.append(0, bytes("first"), patient),
      appender.append(0, bytes("a"), patient),
      appender.append(0, bytes("b"), patient, trace),
    ];
    log.appends[0]!.end();
    await turn();
    log.appends[1]!.end(new LogPulseError("invalid_batch", "too large"));
    for (const append of [2, 3]) {
      await turn();
      log.appends[append]!.end();
    }
    await Promise.all(done);
    expect(log.appends.map(({ batches, traces }) => [batches, traces])).toEqual([
      [["first"], undefined],
      [
        ["a", "b"],
        [undefined, trace],
      ],
      [["a"], undefined],
      [["b"], [trace]],
    ]);
  });

  it("join up to their bounds in batches and bytes; a larger batch goes alone", async () => {
    const log = new SteppedLog();
    const appender = new JoinedAppender(log, hastyClock);
    const done = [appender.append(0, bytes("first"), patient)];
    for (let i = 0; i < JOINED_BATCHES_MAX + 1; i++) done.push(appender.append(0, bytes(`${i}`), patient));
    done.push(
      appender.append(0, bytes("large", JOINED_BYTES_MAX + 1), patient),
      appender.append(0, bytes("last"), patient),
    );
    for (let i = 0; i < 5; i++) {
      await turn();
      log.appends[i]?.end();
    }
    await Promise.all(done);
    expect(log.appends.map((append) => append.batches.length)).toEqual([1, JOINED_BATCHES_MAX, 1, 1, 1]);
  });

  it("that are refused are repeated in halves, down to the batch that is at fault, before anybody is told", async () => {
    const log = new SteppedLog();
    const appender = new JoinedAppender(log, new ManualClock());
    const done = ["first", "good", "bad", "good"].map((text) => appender.append(0, bytes(text), patient));
    const told = Promise.allSettled(done);
    await turn();
    log.appends[0]!.end();
    await turn();
    log.appends[1]!.end(new LogPulseError("invalid_batch", "too large"));
    for (let i = 2; i < 6; i++) {
      await turn();
      log.appends[i]!.end(
        log.appends[i]!.batches.includes("bad") ? new LogPulseError("invalid_batch", "too large") : undefined,
      );
    }
    expect((await told).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  });

  it("that are refused and find no log the next time fail for all of them, after one time-out", async () => {
    const log = new SteppedLog();
    const appender = new JoinedAppender(log, new ManualClock());
    const gone = new AbortController();
    const done = ["first", "a", "b", "c", "d"].map((text) =>
      appender.append(0, bytes(text), text === "a" ? gone.signal : patient),
    );
    const told = Promise.allSettled(done);
    log.appends[0]!.end();
    await turn();
    gone.abort();
    log.appends[1]!.end(new LogPulseError("invalid_batch", "too large"));
    await turn();
    expect(log.appends[2]!.batches).toEqual(["b"]);
    log.appends[2]!.end(new LogPulseError("log_unavailable", "no answer"));
    expect((await told).map((end) => (end.status === "rejected" ? end.reason.kind : "kept"))).toEqual([
      "kept",
      "cancelled",
      "log_unavailable",
      "log_unavailable",
      "log_unavailable",
    ]);
    expect(log.appends).toHaveLength(3);
    expect(appender.queued).toEqual({ batches: 0, bytes: 0 });
  });

  it("that get no answer fail for everybody in them, and the queue goes on", async () => {
    const log = new SteppedLog();
    const appender = new JoinedAppender(log, new ManualClock());
    const first = appender.append(0, bytes("a"), patient);
    const second = appender.append(0, bytes("b"), patient);
    await turn();
    log.appends[0]!.end(new LogPulseError("log_unavailable", "no answer"));
    await expect(first).rejects.toMatchObject({ kind: "log_unavailable" });
    await turn();
    log.appends[1]!.end();
    await second;
    expect(appender.queued).toEqual({ batches: 0, bytes: 0 });
  });

  it("that get no answer fail for all who stood behind them when they began: nobody waits through many time-outs", async () => {
    const log = new SteppedLog();
    const appender = new JoinedAppender(log, new ManualClock());
    const first = appender.append(0, bytes("first"), patient);
    const others = Array.from({ length: JOINED_BATCHES_MAX + 136 }, (_, i) =>
      appender.append(0, bytes(`${i}`), patient),
    );
    const told = Promise.allSettled(others);
    await turn();
    log.appends[0]!.end();
    await first;
    await turn();
    expect(log.appends[1]!.batches).toHaveLength(JOINED_BATCHES_MAX);
    log.appends[1]!.end(new LogPulseError("log_unavailable", "no answer"));
    expect(new Set((await told).map(({ status }) => status))).toEqual(new Set(["rejected"]));
    expect(appender.queued).toEqual({ batches: 0, bytes: 0 });
    expect(log.appends).toHaveLength(2);
  });

  it("leave out a caller that has gone", async () => {
    const log = new SteppedLog();
    const appender = new JoinedAppender(log, new ManualClock());
    const first = appender.append(0, bytes("a"), patient);
    const gone = new AbortController();
    const second = appender.append(0, bytes("b"), gone.signal);
    gone.abort();
    log.appends[0]!.end();
    await first;
    await expect(second).rejects.toMatchObject({ kind: "cancelled" });
    expect(log.appends).toHaveLength(1);
  });

  it("refuse what the queue cannot hold, with a wait: memory stays bounded while the log is away", async () => {
    const log = new SteppedLog(1);
    const appender = new JoinedAppender(log, hastyClock);
    const waiting = Array.from({ length: APPEND_QUEUE_BATCHES_MAX }, () => appender.append(0, bytes("a"), patient));
    await expect(appender.append(0, bytes("b"), patient)).rejects.toMatchObject({
      kind: "overloaded",
      retryAfterMs: 1000,
    });
    await turn();
    for (let i = 0; i < waiting.length; i++) {
      if (log.appends[i] === undefined) await turn();
      log.appends[i]?.end();
      if (appender.queued.batches === 0) break;
    }
    await Promise.all(waiting);
  });

  it("leave half of the queue to others where one partition's log does not answer, and never hold more than all", async () => {
    const appender = new JoinedAppender(new SteppedLog(3), hastyClock);
    const pass = async (partition: number, count: number) => {
      let taken = 0;
      for (let index = 0; index < count; index++) {
        const outcome = await Promise.race([appender.append(partition, bytes("a"), patient).catch(String), turn()]);
        if (outcome === undefined) taken++;
        else {
          expect(outcome).toContain(`of the queue to the log partition ${partition} has its part: ${taken} batches`);
          break;
        }
      }
      return taken;
    };
    expect(await pass(0, APPEND_QUEUE_BATCHES_MAX)).toBe(APPEND_QUEUE_BATCHES_MAX / 2);
    expect(await pass(1, APPEND_QUEUE_BATCHES_MAX)).toBe(APPEND_QUEUE_BATCHES_MAX / 4);
    expect(await pass(2, APPEND_QUEUE_BATCHES_MAX)).toBe(APPEND_QUEUE_BATCHES_MAX / 8);
  });

  it("count bytes for a partition's half too", async () => {
    const appender = new JoinedAppender(new SteppedLog(2), hastyClock);
    const megabyte = Buffer.alloc(APPEND_QUEUE_BYTES_MAX / 64);
    for (let index = 0; index < 32; index++) void appender.append(0, megabyte, patient);
    await expect(appender.append(0, megabyte, patient)).rejects.toMatchObject({ kind: "overloaded" });
    void appender.append(1, megabyte, patient);
    expect(appender.queued.batches).toBe(33);
  });
});
