import { describe, expect, it } from "vitest";
import { LogPulseError } from "../../../domain/errors.ts";
import { APPEND_QUEUE_BYTES_MAX, LOG_COMMIT_BYTES_MAX } from "../../../domain/limits.ts";
import { numbered } from "./event-log.fixture.ts";
import { LogCommitQueue } from "./log-commit-queue.ts";
import type { LogCommit } from "./log-file.ts";

/** A queue whose commits end when the test says so. */
function queueWith(appendMsMax?: number) {
  const commits: (LogCommit & { keep: () => void; fail: (reason: Error) => void })[] = [];
  const queue = new LogCommitQueue((together) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    commits.push({ ...together, keep: resolve, fail: reject });
    return promise;
  }, appendMsMax);
  return { queue, commits };
}

/** Partition and text of each message. */
function contentOf({ bytes, messages }: LogCommit): [number, string][] {
  let at = 0;
  return Array.from({ length: messages.length / 2 }, (_, index) => {
    const from = at;
    at += messages[2 * index + 1]!;
    return [messages[2 * index]!, Buffer.from(bytes.subarray(from, at)).toString()];
  });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const errorOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined).catch((error) => error);

describe("LogCommitQueue", () => {
  it("commits the first at once, and together what comes meanwhile, of all partitions and in order", async () => {
    const { queue, commits } = queueWith();
    const done: number[] = [];
    const appends = [
      queue.append(0, numbered(2)),
      queue.append(1, numbered(1, 10)),
      queue.append(0, numbered(2, 2)),
      queue.append(2, [Buffer.alloc(0), Buffer.from("é")]),
    ];
    appends.forEach((append, at) => void append.then(() => done.push(at)));
    expect(commits.map(contentOf)).toEqual([
      [
        [0, "0"],
        [0, "1"],
      ],
    ]);
    await turn();
    expect(done).toEqual([]);
    commits[0]!.keep();
    await turn();
    expect(done).toEqual([0]);
    expect(contentOf(commits[1]!)).toEqual([
      [1, "10"],
      [0, "2"],
      [0, "3"],
      [2, ""],
      [2, "é"],
    ]);
    commits[1]!.keep();
    await queue.settled();
    expect([done, queue.commits, commits.length]).toEqual([[0, 1, 2, 3], 2, 2]);
  });

  it("fails all of one commit with its reason, and goes on with the next", async () => {
    const { queue, commits } = queueWith();
    const first = queue.append(0, numbered(1));
    const failed = [queue.append(0, numbered(1)), queue.append(1, numbered(1))].map(errorOf);
    commits[0]!.keep();
    await first;
    await turn();
    const last = queue.append(0, numbered(1, 7));
    await turn();
    const reason = new LogPulseError("log_unavailable", "no room");
    commits[1]!.fail(reason);
    expect(await Promise.all(failed)).toEqual([reason, reason]);
    await turn();
    expect(contentOf(commits[2]!)).toEqual([[0, "7"]]);
    commits[2]!.keep();
    await last;
    expect(queue.commits).toBe(2);
  });

  it("bounds the bytes of a commit; a larger append goes alone", async () => {
    const { queue, commits } = queueWith();
    const nearlyHalf = Buffer.alloc(LOG_COMMIT_BYTES_MAX / 2 - 1);
    const appends = [
      nearlyHalf,
      nearlyHalf,
      nearlyHalf,
      Buffer.alloc(LOG_COMMIT_BYTES_MAX + 1),
      nearlyHalf,
      nearlyHalf,
    ];
    const all = [queue.append(0, numbered(1)), ...appends.map((bytes) => queue.append(0, [bytes]))];
    for (let at = 0; at < 5; at++) {
      commits[at]!.keep();
      await turn();
    }
    await Promise.all(all);
    expect(commits.map(({ messages }) => messages.length / 2)).toEqual([1, 2, 1, 1, 2]);
  });

  it("gives an append up after its time, and does not send what it has given up", async () => {
    const { queue, commits } = queueWith(20);
    const reasons = [queue.append(0, numbered(1)), queue.append(0, numbered(1, 1))].map(errorOf);
    for (const reason of await Promise.all(reasons)) {
      expect(reason).toMatchObject({ kind: "log_unavailable", message: expect.stringContaining("20 ms") });
    }
    commits[0]!.keep();
    await turn();
    expect(commits.length).toBe(1);
    const next = queue.append(0, numbered(1, 2));
    commits[1]!.keep();
    await next;
  });

  it("takes no more than it may hold while the log does not answer", async () => {
    const { queue, commits } = queueWith(100);
    const half = Buffer.alloc(APPEND_QUEUE_BYTES_MAX / 2);
    const held = [queue.append(0, [half]), queue.append(0, [half])].map(errorOf);
    const message = `the log takes no more now: ${APPEND_QUEUE_BYTES_MAX} bytes already wait for it`;
    expect(await errorOf(queue.append(0, numbered(1)))).toMatchObject({ kind: "log_unavailable", message });
    await Promise.all(held); // Given up. The first is still on its way, and holds its bytes.
    const again = errorOf(queue.append(0, [half]));
    expect(await errorOf(queue.append(0, numbered(1)))).toMatchObject({ kind: "log_unavailable" });
    expect(await again).toMatchObject({ message: expect.stringContaining("100 ms") });
    commits[0]!.keep();
    await turn();
    const last = queue.append(0, [half, half]);
    commits[1]!.keep();
    await last;
  });

  it("copies what it sends, into buffers that may be given away", async () => {
    const { queue, commits } = queueWith();
    const pooled = Buffer.from("pooled"); // A view of 8 KiB that others use.
    const kept = queue.append(0, [pooled]);
    expect(commits[0]!.bytes.buffer).not.toBe(pooled.buffer);
    expect(commits[0]!.bytes.byteLength).toBe(commits[0]!.bytes.buffer.byteLength);
    structuredClone(commits[0]!.bytes.buffer, { transfer: [commits[0]!.bytes.buffer as ArrayBuffer] });
    expect([pooled.toString(), commits[0]!.bytes.length]).toEqual(["pooled", 0]);
    commits[0]!.keep();
    await kept;
  });
});
