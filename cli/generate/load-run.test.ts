import { describe, expect, it } from "vitest";
import { GENERATE_REQUEST_MS_MAX } from "../../services/domain/limits.ts";
import { EXIT } from "../exit-code.ts";
import { LoadRun } from "./load-run.ts";
import type { Answer } from "./load-target.ts";
import { LoadTotals } from "./load-totals.ts";
import type { TimeSpan } from "./record-source.ts";

const kept = (accepted: number, rejected = 0): Answer => ({
  kind: "kept",
  name: "200",
  accepted,
  rejected,
  firstReject: rejected > 0 ? "record 3: time is missing" : undefined,
});
const later = (more: Partial<Answer & { kind: "later" }> = {}): Answer => ({
  kind: "later",
  name: "503",
  reason: "a queue is full",
  waitMs: 100,
  mayBeKept: false,
  isUnreachable: false,
  exitCode: EXIT.limited,
  ...more,
});
const noAnswer = later({
  name: "no answer",
  reason: "reset",
  waitMs: undefined,
  mayBeKept: true,
  exitCode: EXIT.unreachable,
});
const refused: Answer = { kind: "refused", name: "400", reason: "no", exitCode: EXIT.incomplete };

/** Sends requests to somebody who answers as told, on a clock that sleeping moves. */
async function sent(
  answers: Answer[],
  { isIdentified = false, requests = 1, recordsMax = 1_000 as number | undefined } = {},
) {
  const script = [...answers];
  const drawn: { records: number; span: TimeSpan }[] = [];
  const bodies: unknown[] = [];
  const told: string[] = [];
  const unreachable: string[] = [];
  const stop = new AbortController();
  let nowMs = 1_000;
  const target = {
    name: "test",
    isIdentified,
    draw: (records: number, span: TimeSpan) => drawn.push({ records, span }),
    async send(body: unknown) {
      bodies.push(body);
      nowMs += 5;
      return script.shift()!;
    },
    close() {},
  };
  const totals = new LoadTotals();
  const run = new LoadRun(target, { requestsPerSecond: 10, recordsPerRequest: 10, recordsMax }, totals, {
    clock: {
      nowMs: () => nowMs,
      async sleep(ms) {
        nowMs += ms;
      },
    },
    wallMs: () => 5_000_000 + nowMs,
    random: () => 0.5,
    stop: stop.signal,
    onTrouble: ({ name }) => told.push(name),
    onUnreachable: ({ reason }) => {
      unreachable.push(reason);
      stop.abort();
    },
  });
  for (let request = 0; request < requests; request++) await run.start(nowMs - 20);
  return { totals, drawn, bodies, told, unreachable, run, nowMs: () => nowMs };
}

describe("sending until a request is settled", () => {
  it("counts what is kept and rejected, and its time from when it was due", async () => {
    const { totals, drawn } = await sent([kept(8, 2)]);
    expect(totals).toMatchObject({
      requests: 1,
      records: 10,
      accepted: 8,
      rejected: 2,
      failed: 0,
      unknown: 0,
      repeats: 0,
    });
    expect(totals.firstReject).toBe("record 3: time is missing");
    expect(totals.latencyMs!.max).toBe(25);
    expect(drawn).toEqual([{ records: 10, span: { fromMs: 5_000_880, toMs: 5_000_980 } }]);
    expect(totals.exitCode(false)).toBe(EXIT.incomplete);
  });

  it("sends the same request again after the wait that the server asks for, and holds all others", async () => {
    const { totals, bodies, told, run, nowMs } = await sent([
      later({ waitMs: 3_000 }),
      later({ waitMs: 100 }),
      kept(10),
    ]);
    expect(new Set(bodies).size).toBe(1);
    expect(bodies).toHaveLength(3);
    expect(totals).toMatchObject({ accepted: 10, repeats: 2, maybeTwice: 0, failed: 0 });
    expect(run.heldUntilMs()).toBe(1_000 + 5 + 3_000 + 5 + 100);
    expect(totals.latencyMs!.max).toBe(nowMs() - 980);
    expect(told).toEqual(["503"]);
    expect(Object.fromEntries(totals.answers)).toEqual({ "503": 2, "200": 1 });
    expect(totals.exitCode(false)).toBe(EXIT.done);
  });

  it("waits a little where the server does not say, and lets others go on", async () => {
    const { totals, run, nowMs } = await sent([noAnswer, kept(10)]);
    expect(run.heldUntilMs()).toBe(0);
    expect(nowMs()).toBeGreaterThan(1_100);
    expect(totals.accepted).toBe(10);
  });

  it.each([
    ["without identities, says what may be stored twice", false, 10],
    ["with identities, nothing is stored twice", true, 0],
  ])("%s", async (_name, isIdentified, maybeTwice) => {
    const { totals } = await sent([noAnswer, later(), kept(10)], { isIdentified });
    expect(totals).toMatchObject({ accepted: 10, maybeTwice, unknown: 0 });
  });

  it("does not repeat what was refused for ever", async () => {
    const { totals, bodies, told } = await sent([refused]);
    expect(bodies).toHaveLength(1);
    expect(totals).toMatchObject({ accepted: 0, failed: 10, unknown: 0, latencyMs: undefined });
    expect(told).toEqual(["400"]);
    expect([totals.exitCode(false), totals.exitCode(true)]).toEqual([EXIT.incomplete, EXIT.interrupted]);
  });

  it("gives up after its time: failed where nothing was kept, unknown where something may be", async () => {
    const wait = later({ waitMs: GENERATE_REQUEST_MS_MAX / 2 });
    const failed = await sent([wait, wait, wait]);
    expect(failed.bodies).toHaveLength(2);
    expect(failed.totals).toMatchObject({ failed: 10, unknown: 0 });
    expect(failed.totals.exitCode(false)).toBe(EXIT.limited);
    const unknown = await sent([noAnswer, wait, wait, wait]);
    expect(unknown.totals).toMatchObject({ failed: 0, unknown: 10 });
    expect(unknown.totals.exitCode(false)).toBe(EXIT.limited);
  });

  it("sends no more records than were asked for", async () => {
    const { drawn, totals } = await sent([kept(10), kept(10), kept(5)], { requests: 3, recordsMax: 25 });
    expect(drawn.map(({ records }) => records)).toEqual([10, 10, 5]);
    expect(totals).toMatchObject({ requests: 3, records: 25, accepted: 25 });
    expect(totals.exitCode(true)).toBe(EXIT.done);
  });

  const unreachable = later({ name: "no answer", reason: "ECONNREFUSED", waitMs: undefined, isUnreachable: true });

  it("does not go on where there is no server at all", async () => {
    const { bodies, unreachable: told, totals } = await sent([unreachable]);
    expect(told).toEqual(["ECONNREFUSED"]);
    expect(bodies).toHaveLength(1);
    expect(totals).toMatchObject({ failed: 10, unknown: 0 });
  });

  it("goes on where one has answered before", async () => {
    const { unreachable: told, totals } = await sent([kept(10), unreachable, unreachable, kept(10)], { requests: 2 });
    expect(told).toEqual([]);
    expect(totals).toMatchObject({ accepted: 20, maybeTwice: 0, repeats: 2 });
  });
});
