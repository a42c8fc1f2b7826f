import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { lineFormat } from "../../services/domain/lines/line-formats.ts";
import { streamSource } from "./byte-source.ts";
import { SourceCutOff } from "./gunzip-chunks.ts";
import { type SourceBatch, SourceBatches } from "./source-batches.ts";
import { pumpSource } from "./source-pump.ts";

const SENT_MS_MAX = 200;
const position = { offset: 0, lines: 0, memory: [], producer: "01932c07e6007000800000000000000a", seq: 0 };

/** A source that gives what it is told, and a pump that sends it to a list. */
function pump({ mayEndByTime = true, recordsMax = 1_000, room = async () => {} } = {}) {
  const chunks: (string | Error | undefined)[] = [];
  let wake = () => {};
  let asked = 0;
  async function* given() {
    for (;;) {
      asked += 1;
      while (chunks.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const next = chunks.shift();
      if (next === undefined) return;
      if (next instanceof Error) throw next;
      yield Buffer.from(next);
    }
  }
  const context = { service: "web", nowMs: Date.now(), offsetMinutes: () => 0 };
  const batches = new SourceBatches(
    { name: "in", format: lineFormat("text"), strict: false, context, position, marks: [], recordsMax },
    { onLines() {}, onReject() {}, onEmpty() {}, onDetected() {} },
  );
  const sent: { records: number; atMs: number }[] = [];
  const abort = new AbortController();
  const ended = pumpSource({
    source: streamSource("in", given()),
    batches,
    mayEndByTime,
    signal: abort.signal,
    onChunk: () => [],
    async send({ records }: SourceBatch) {
      sent.push({ records: records.length, atMs: performance.now() });
      await room();
    },
  });
  return {
    sent,
    ended,
    abort,
    asked: () => asked,
    /** What comes next; undefined: the end. Gives when that was. */
    give(next: string | Error | undefined): number {
      chunks.push(next);
      wake();
      return performance.now();
    },
  };
}

describe("pumpSource", () => {
  it("sends a line that comes alone before 200 ms are over, also where another could belong to it", async () => {
    const { give, sent, ended } = pump();
    for (const line of ["INFO one\n", "INFO two\n\tat a.b\n"]) {
      const givenMs = give(line);
      await sleep(SENT_MS_MAX);
      expect(sent.splice(0)).toEqual([{ records: 1, atMs: expect.toSatisfy((atMs) => atMs - givenMs < SENT_MS_MAX) }]);
    }
    give(undefined);
    expect(await ended).toBe(true);
    expect(sent).toEqual([]);
  });

  it("sends lines that keep coming before 200 ms are over, many at a time", async () => {
    const { give, sent, ended } = pump();
    const beganMs = performance.now();
    for (let line = 0; line < 40; line++) {
      give(`INFO ${line}\n`);
      await sleep(10);
    }
    const ms = performance.now() - beganMs;
    expect(sent[0]!.atMs - beganMs).toBeLessThan(SENT_MS_MAX);
    expect(sent.length).toBeGreaterThan(ms / SENT_MS_MAX - 1);
    expect(sent.length).toBeLessThan(15);
    give(undefined);
    await ended;
    expect(sent.reduce((sum, { records }) => sum + records, 0)).toBe(40);
  });

  it("ends no record by the time where the same may be sent again", async () => {
    const { give, sent, ended } = pump({ mayEndByTime: false });
    give("INFO one\nINFO two\n");
    await sleep(SENT_MS_MAX);
    expect(sent.map(({ records }) => records)).toEqual([1]);
    give("\tat a.b\n");
    give(undefined);
    expect(await ended).toBe(true);
    expect(sent.map(({ records }) => records)).toEqual([1, 1]);
  });

  it("asks for no more while there is no room", async () => {
    let makeRoom = () => {};
    const room = () =>
      new Promise<void>((resolve) => {
        makeRoom = resolve;
      });
    const { give, sent, ended, asked } = pump({ recordsMax: 1, room });
    for (let chunk = 0; chunk < 5; chunk++) give("INFO a\nINFO b\n");
    give(undefined);
    await sleep(50);
    expect([sent.length, asked()]).toEqual([1, 1]);
    for (let rooms = 0; rooms < 10; rooms++) {
      makeRoom();
      await sleep(5);
    }
    expect(await ended).toBe(true);
    expect(sent).toHaveLength(10);
  });

  it("does not take the time in which there was no room for one in which nothing came", async () => {
    const { give, sent, ended } = pump({ recordsMax: 1, room: () => sleep(SENT_MS_MAX) });
    give("INFO one\nERROR two\n");
    give("\tat a.b\n");
    give(undefined);
    await ended;
    expect(sent.map(({ records }) => records)).toEqual([1, 1]);
  });

  it("reads no more when it is to stop, and sends what has come", async () => {
    const { give, sent, ended, abort } = pump();
    give("INFO one\nINFO two\nINFO three without an end");
    await sleep(10);
    abort.abort();
    expect(await ended).toBe(false);
    expect(sent.map(({ records }) => records)).toEqual([2]);
  });

  it("sends what was read of a source that ends too early, then says so", async () => {
    const { give, sent, ended } = pump();
    give("INFO one\nINFO tw");
    give(new SourceCutOff("torn"));
    await expect(ended).rejects.toThrow("torn");
    expect(sent.map(({ records }) => records)).toEqual([2]);
  });
});
