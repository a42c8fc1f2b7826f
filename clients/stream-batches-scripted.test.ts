import { setTimeout as sleep } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { Metadata, status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { LogBatchSchema } from "../gen/logpulse/v1/log_batch_pb.ts";
import { RETRY_WAIT_MS_MIN } from "../services/domain/limits.ts";
import { scripted } from "./scripted-server.fixture.ts";
import { BatchSender } from "./stream-batches.ts";

/** A batch that says which it is; nobody here reads more of it. */
function batch(number: number, bytes = 1): Uint8Array {
  const made = new Uint8Array(bytes);
  made[0] = number;
  return made;
}

const HALF = 4 * 1024 * 1024 - 10; // Two of these fill the room.

describe("the room of a BatchSender", () => {
  it.each([
    ["32 batches", 1, 32],
    ["8 MiB", 1024 * 1024, 8],
  ])("is %s, however many sends come at once, and is given in their order", async (_name, bytes, fit) => {
    let settle = () => {};
    const address = await scripted((call) => {
      let read = 0;
      settle = () => {
        call.write({ settledBatches: BigInt(read) });
        settle = () => {};
        call.on("data", () => call.write({ settledBatches: BigInt(read) }));
      };
      call.on("data", () => (read += 1));
      call.on("end", () => call.end());
    });
    const kept: number[] = [];
    const sender = new BatchSender(address, { onKept: ([number]) => kept.push(number!) });
    const placed: number[] = [];
    const numbers = Array.from({ length: 100 }, (_, at) => at);
    const sends = numbers.map(async (at) => {
      await sender.send(batch(at, bytes));
      placed.push(at);
    });
    await sleep(200);
    expect(placed).toEqual(numbers.slice(0, fit));
    settle();
    await Promise.all(sends);
    await sender.close();
    expect(placed).toEqual(numbers);
    expect(kept).toEqual(numbers);
  });

  it.each([
    ["at once", undefined],
    ["after a wait", { seconds: 0n, nanos: 200_000_000 }],
  ])("is still given to a send that waits for it while the sender is closed, %s", async (_name, wait) => {
    const address = await scripted((call) => {
      let read = 0;
      call.on("data", () => {
        read += 1;
        if (read === 2) setTimeout(() => call.write({ settledBatches: 2n, wait }), 50);
        if (read > 2) call.write({ settledBatches: BigInt(read) });
      });
      call.on("end", () => call.end());
    });
    const kept: number[] = [];
    const sender = new BatchSender(address, { onKept: ([number]) => kept.push(number!) });
    await sender.send(batch(1, HALF));
    await sender.send(batch(2, HALF));
    const third = sender.send(batch(3, HALF));
    await sender.close();
    await third;
    expect(kept).toEqual([1, 2, 3]);
  });

  it("is refused to whoever waits for it where no stream will do", async () => {
    const address = await scripted((call) => {
      call.on("data", () => call.emit("error", { code: status.PERMISSION_DENIED, details: "not you" }));
    });
    const sender = new BatchSender(address);
    await sender.send(batch(1, HALF));
    await sender.send(batch(2, HALF));
    await expect(sender.send(batch(3, HALF))).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
    await expect(sender.close()).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  });
});

describe("what a BatchSender sends again", () => {
  it("goes in the order in which it was sent first, whatever the order of the refusals", async () => {
    const read: number[] = [];
    const again = (at: number) => ({
      batch: BigInt(at),
      mayRetry: true,
      retryAfter: { seconds: 0n, nanos: 50_000_000 },
    });
    const address = await scripted((call) => {
      call.on("data", ([number]: Buffer) => {
        read.push(number!);
        if (read.length === 4) {
          call.write({ settledBatches: 0n, refused: [again(2)] });
          call.write({ settledBatches: 0n, refused: [again(1)] });
          call.write({ settledBatches: 4n, refused: [again(3), again(0)] });
        }
        if (read.length > 4) call.write({ settledBatches: BigInt(read.length) });
      });
      call.on("end", () => call.end());
    });
    const kept: number[] = [];
    const sender = new BatchSender(address, { onKept: ([number]) => kept.push(number!) });
    for (let at = 0; at < 4; at++) await sender.send(batch(at));
    await sender.close();
    expect(read).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    expect(kept).toEqual([0, 1, 2, 3]);
  });

  it("stands before what was on its way behind it when a stream breaks", async () => {
    const streams: number[][] = [];
    const address = await scripted((call) => {
      const read: number[] = [];
      streams.push(read);
      call.on("data", ([number]: Buffer) => {
        read.push(number!);
        if (streams.length > 1) call.write({ settledBatches: BigInt(read.length) });
        else if (read.length === 3)
          call.write({ settledBatches: 0n, refused: [{ batch: 0n, mayRetry: true, retryAfter: {} }] });
        else if (read.length === 4) call.emit("error", { code: status.UNAVAILABLE, details: "later" });
      });
      call.on("end", () => call.end());
    });
    const sender = new BatchSender(address);
    for (let at = 0; at < 3; at++) await sender.send(batch(at));
    await sender.close();
    expect(streams).toEqual([
      [0, 1, 2, 0],
      [0, 1, 2],
    ]);
  });

  it("waits also where the server tells the wait as a date, which we do not read", async () => {
    const openedMs: number[] = [];
    const metadata = new Metadata();
    metadata.set("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT");
    const address = await scripted((call) => {
      openedMs.push(performance.now());
      call.on("data", () => {
        if (openedMs.length < 3) call.emit("error", { code: status.UNAVAILABLE, details: "later", metadata });
        else call.write({ settledBatches: 1n });
      });
      call.on("end", () => call.end());
    });
    const sender = new BatchSender(address);
    await sender.send(batch(1));
    await sender.close();
    expect(openedMs).toHaveLength(3);
    expect(openedMs[1]! - openedMs[0]!).toBeGreaterThan(RETRY_WAIT_MS_MIN - 5);
    expect(openedMs[2]! - openedMs[1]!).toBeGreaterThan(RETRY_WAIT_MS_MIN - 5);
  });
});

describe("the credit of a BatchSender", () => {
  const ofTen = (number: number) =>
    toBinary(LogBatchSchema, create(LogBatchSchema, { firstSeq: BigInt(number), records: Array(10).fill({}) }));

  /** The most batches that were on their way at once, of 30 with ten records each, where each answer tells that credit. */
  async function mostOnTheirWay(creditRecords: bigint | undefined): Promise<number> {
    let most = 0;
    const address = await scripted((call) => {
      let read = 0;
      let settled = 0;
      const answer = () => {
        settled += 1;
        call.write({ settledBatches: BigInt(settled), creditRecords });
        if (settled < read) setTimeout(answer, 5);
      };
      call.on("data", () => {
        read += 1;
        if (settled > 0) most = Math.max(most, read - settled); // Before the first answer no credit is known.
        if (read === settled + 1) setTimeout(answer, 5);
      });
      call.on("end", () => call.end());
    });
    const kept: number[] = [];
    const sender = new BatchSender(address, { onKept: () => kept.push(0) });
    await sender.send(ofTen(0));
    await sleep(50);
    for (let at = 1; at < 30; at++) await sender.send(ofTen(at));
    await sender.close();
    expect(kept).toHaveLength(30);
    return most;
  }

  it.each([
    [0n, 1],
    [9n, 1],
    [29n, 2],
    [30n, 3],
  ])("of %d records has so many batches of ten on their way at most: %d", async (credit, batches) => {
    expect(await mostOnTheirWay(credit)).toBe(batches);
  });

  it("does not count where the server tells none", async () => {
    expect(await mostOnTheirWay(undefined)).toBeGreaterThan(20);
  });
});

describe("a BatchSender that is abandoned", () => {
  it("ends at once, and whoever waits learns why", async () => {
    const address = await scripted(() => undefined); // It never answers.
    const sender = new BatchSender(address);
    await sender.send(batch(1, HALF));
    await sender.send(batch(2, HALF));
    const third = sender.send(batch(3, HALF));
    setTimeout(() => sender.abandon(new Error("enough")), 50);
    await expect(third).rejects.toThrow("enough");
    await expect(sender.close()).rejects.toThrow("enough");
    await expect(new BatchSender(address).close()).resolves.toBeUndefined();
  });
});
