import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";
import { LoadSender } from "./load-sender.ts";
import { CutTail, wrongWithTail } from "./tail-under-cuts.ts";

/** Five minutes by hand: TAIL_SECONDS=300. */
const SECONDS = Number(process.env.TAIL_SECONDS ?? "30");
const SENDERS = 4;

/** Tails under load, cut off again and again. */
export function tailContract(mode: string, start: StartInstallation): void {
  describe(`tails, ${mode}`, { timeout: (SECONDS + 120) * 1_000 }, () => {
    let logpulse: Installation;
    beforeAll(async () => {
      logpulse = await start();
    });
    afterAll(() => logpulse?.stop());

    it(`a tail that is cut off every second for ${SECONDS} s shows what was acknowledged, and nothing else`, async () => {
      const senders = Array.from(
        { length: SENDERS },
        (_, index) => new LoadSender(logpulse.address, `sender-${index}`),
      );
      const tail = new CutTail(logpulse.address, () => 700 + Math.random() * 600);
      const ofOne = new CutTail(logpulse.address, () => 700 + Math.random() * 600, "service:sender-1");
      tail.start();
      ofOne.start();
      for (const sender of senders) sender.start();
      await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
      await Promise.all(senders.map((sender) => sender.stop()));
      const acknowledged = senders.flatMap((sender) => sender.acknowledged);
      const sentTwice = new Set(senders.flatMap((sender) => [...sender.sentTwice]));
      const isWhole = async () => [new Set(tail.shown).size, new Set(ofOne.shown).size];
      await eventually(
        isWhole,
        ([all, one]) => all! >= acknowledged.length && one! >= senders[1]!.acknowledged.length,
        30_000,
      ).catch(() => undefined); // What is missing is told below, by name.
      await Promise.all([tail.stop(), ofOne.stop()]);

      expect(acknowledged.length).toBeGreaterThan(SECONDS * SENDERS * LoadSender.recordsPerBatch);
      expect(tail.cuts).toBeGreaterThan(SECONDS / 2);
      expect(tail.lagged).toEqual([]);
      expect(wrongWithTail(tail.shown, acknowledged, sentTwice).slice(0, 10)).toEqual([]);
      expect(wrongWithTail(ofOne.shown, senders[1]!.acknowledged, sentTwice).slice(0, 10)).toEqual([]);
      console.log(`${mode}: ${acknowledged.length} records, ${tail.cuts} connections, ${sentTwice.size} sent twice`);
    });

    it("leaves out, and counts, what a client sent twice", async () => {
      const sender = new LoadSender(logpulse.address, "twice", { times: 2 });
      const tail = new CutTail(logpulse.address, () => 60_000, "service:twice");
      tail.start();
      sender.start();
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await sender.stop();
      const count = sender.acknowledged.length;
      expect(count).toBeGreaterThan(0);
      await eventually(
        async () => tail.shown.length,
        (shown) => shown >= count,
      );
      await eventually(
        async () => tail.repeats,
        (repeats) => repeats >= count,
        20_000,
      );
      await tail.stop();
      expect(tail.shown).toEqual(sender.acknowledged);
      expect(tail.repeatsRemoved).toBe(count);
    });
  });
}
