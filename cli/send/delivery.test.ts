import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Served, scripted } from "../../clients/scripted-server.fixture.ts";
import { CommandFailure } from "../exit-code.ts";
import { Delivery } from "./delivery.ts";
import { SendTotals } from "./send-totals.ts";
import type { SourceBatch } from "./source-batches.ts";

const PRODUCER = "01932c07e6007000800000000000000a";

/** A batch of three records on five lines, the last one kept as text. Nobody here reads its bytes. */
function batch(number: number): SourceBatch {
  const line = number * 5 + 1;
  return {
    bytes: Uint8Array.of(number),
    source: "a.log",
    firstSeq: number * 3,
    records: [
      { line, lines: 1, keptAsText: undefined },
      { line: line + 1, lines: 3, keptAsText: undefined },
      { line: line + 4, lines: 1, keptAsText: { field: "line", reason: "begins with x" } },
    ],
    position: { offset: 0, lines: 0, memory: [], producer: PRODUCER, seq: 0 },
  };
}

async function deliver(onStream: (call: Served) => void, silence: { first?: number; later?: number } = {}) {
  const totals = new SendTotals();
  const said: string[] = [];
  const settled: number[] = [];
  const address = await scripted(onStream);
  const settings = { address, firstAnswerMsMax: silence.first, silentMsMax: silence.later };
  const delivery = new Delivery(settings, totals, {
    say: (text) => said.push(text.replaceAll(address, "server")),
    onSettled: ({ bytes }) => settled.push(bytes[0]!),
  });
  onTestFinished(() => delivery.giveUp(new CommandFailure(1, "the test is over")));
  return {
    totals,
    said,
    settled,
    delivery,
    async sendAll(count: number): Promise<void> {
      for (let number = 0; number < count; number++) {
        totals.lines += 5;
        await delivery.send(batch(number));
      }
      await delivery.close();
    },
  };
}

describe("Delivery", () => {
  it("counts lines as kept, kept as text and rejected, where they stood", async () => {
    const { sendAll, totals, settled } = await deliver((call) => {
      let read = 0;
      call.on("data", () => {
        read += 1;
        const rejects = read === 2 ? [{ batch: 1n, reject: { index: 1, field: "trace_id", reason: "is wrong" } }] : [];
        call.write({ settledBatches: BigInt(read), rejects });
      });
      call.on("end", () => call.end());
    });
    await sendAll(3);
    expect(settled).toEqual([0, 1, 2]);
    expect(totals).toMatchObject({ keptRecords: 8, keptLines: 12, waitingLines: 0, unacknowledgedLines: 0 });
    expect(totals.keptAsText.lines).toBe(3);
    expect(totals.rejected.told).toEqual([{ file: "a.log", line: 7, field: "trace_id", reason: "is wrong" }]);
    expect(totals.rejected.lines).toBe(3);
  });

  it("counts all lines of a batch that is refused for ever", async () => {
    const { sendAll, totals } = await deliver((call) => {
      call.on("data", () => {
        const refused = [{ batch: 0n, mayRetry: false, reason: "INVALID_BATCH", message: "is no batch" }];
        call.write({ settledBatches: 1n, refused });
      });
      call.on("end", () => call.end());
    });
    await sendAll(1);
    expect(totals).toMatchObject({ keptRecords: 0, unacknowledgedLines: 0 });
    expect(totals.rejected.lines).toBe(5);
    expect(totals.rejected.told[0]).toEqual({ file: "a.log", line: 1, field: "batch", reason: "is no batch" });
  });

  it("ends where the server does not take the producer: it would take none of its batches", async () => {
    const { sendAll, totals } = await deliver((call) => {
      call.on("data", () => {
        const refused = [{ batch: 0n, mayRetry: false, reason: "PRODUCER_EXPIRED", message: "was drawn in 1970" }];
        call.write({ settledBatches: 1n, refused });
      });
    });
    const message = "the server does not take this producer: was drawn in 1970";
    await expect(sendAll(1)).rejects.toMatchObject({ exitCode: 6, message });
    expect(totals).toMatchObject({ keptRecords: 0, unacknowledgedLines: 5 });
  });

  it.each([
    [status.PERMISSION_DENIED, 4],
    [status.UNIMPLEMENTED, 3],
  ])("ends where no stream will do: %d", async (code, exitCode) => {
    const { sendAll } = await deliver((call) => call.emit("error", { code, details: "not here" }));
    await expect(sendAll(1)).rejects.toMatchObject({ exitCode, message: expect.stringContaining("not here") });
  });

  it("waits for a server that breaks streams, and tells when that begins and ends", async () => {
    let streams = 0;
    const { sendAll, said, totals } = await deliver((call) => {
      streams += 1;
      const isGood = streams > 2;
      call.on("data", () => {
        if (isGood) call.write({ settledBatches: 1n });
        else call.emit("error", { code: status.UNAVAILABLE, details: "going" });
      });
      call.on("end", () => call.end());
    });
    await sendAll(1);
    expect(totals.keptRecords).toBe(3);
    expect(said).toEqual([
      expect.stringMatching(/^server takes no records \(UNAVAILABLE: going\); trying again in \d+ ms$/),
      expect.stringMatching(/^server takes records again after .* m?s; going on with what was not acknowledged$/),
    ]);
  });

  it("gives up a server that has never answered, after its time", async () => {
    const { sendAll, totals } = await deliver(() => undefined, { first: 300 });
    await expect(sendAll(2)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/has taken nothing for [\d.]+ m?s: no answer$/),
    });
    expect(totals).toMatchObject({ keptRecords: 0, unacknowledgedLines: 10 });
  });

  it("gives up a server that takes nothing more, after another time; refusals are no progress", async () => {
    const { sendAll, totals } = await deliver(
      (call) => {
        let read = 0;
        call.on("data", () => {
          read += 1;
          if (read === 1) call.write({ settledBatches: 1n });
          else {
            const refused = [{ batch: BigInt(read - 1), mayRetry: true, reason: "LOG_UNAVAILABLE", message: "no log" }];
            call.write({ settledBatches: BigInt(read), refused });
          }
        });
      },
      { first: 10_000, later: 500 },
    );
    await sleep(100); // Nothing is on its way, so nobody is silent.
    await expect(sendAll(2)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/has taken nothing for [\d.]+ m?s: LOG_UNAVAILABLE: no log$/),
    });
    expect(totals).toMatchObject({ keptLines: 5, unacknowledgedLines: 5 });
  });

  it("does not take a server for one that has never answered when it has refused for now", async () => {
    const { sendAll, totals } = await deliver(
      (call) => {
        let read = 0;
        call.on("data", () => {
          const refused = [{ batch: BigInt(read), mayRetry: true, reason: "LOG_UNAVAILABLE", message: "no log" }];
          read += 1;
          if (read <= 3) call.write({ settledBatches: BigInt(read), refused });
          else setTimeout(() => call.write({ settledBatches: BigInt(read) }), 700);
        });
        call.on("end", () => call.end());
      },
      { first: 300 },
    );
    await sendAll(1);
    expect(totals).toMatchObject({ keptLines: 5, unacknowledgedLines: 0 });
  });

  it("does not take a limit for silence, and tells it", async () => {
    const { sendAll, said, totals } = await deliver(
      (call) => {
        let read = 0;
        call.on("data", () => {
          read += 1;
          if (read === 1) call.write({ settledBatches: 0n, wait: { seconds: 1n, nanos: 0 }, creditRecords: 0n });
          setTimeout(() => call.write({ settledBatches: BigInt(read), creditRecords: 10n }), 1_000);
        });
        call.on("end", () => call.end());
      },
      { first: 300, later: 300 },
    );
    await sendAll(1);
    expect(totals.keptLines).toBe(5);
    expect(said).toEqual(["server takes no more for 1.00 s: the limit is reached"]);
  });

  it("is given up at once, with its reason", async () => {
    const { delivery, sendAll, totals } = await deliver(() => undefined);
    const sending = sendAll(1);
    await sleep(50);
    delivery.giveUp(new CommandFailure(130, "interrupted"));
    await expect(sending).rejects.toMatchObject({ exitCode: 130, message: "interrupted" });
    expect(totals.waitingLines).toBe(5);
  });
});
