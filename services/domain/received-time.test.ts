import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBatch, newProducer } from "../ports/build-logged-batch.ts";
import { APPEND_MS_MAX } from "./limits.ts";
import { placeAtTime, receivedNanosOf, type TimedMessage } from "./received-time.ts";
import { msToNanos } from "./record-time.ts";

describe("the time in a message of the log", () => {
  it("is when its batch was received, to the nanosecond", () => {
    const receivedNanos = 1_767_225_600_123_456_789n;
    const records = [{ message: "one" }, { message: "two" }];
    const bytes = encodeBatch({ tenant: "t", producer: newProducer(), records, receivedNanos });
    expect(receivedNanosOf(bytes)).toBe(receivedNanos);
  });

  it.each([[new Uint8Array(0)], [Buffer.from("no batch at all")], [Buffer.from([0xff])], [Buffer.from([0x0a, 0x05])]])(
    "is unknown where it is none: %j",
    (bytes) => expect(receivedNanosOf(bytes)).toBeUndefined(),
  );
});

describe("the place at a time", () => {
  const START_MS = 1_000_000;
  /** Each appended at its second, received up to APPEND_MS_MAX before; some do not say, some offsets are skipped. */
  const logs = fc.array(
    fc.record({ skipped: fc.nat(2), delayMs: fc.nat(APPEND_MS_MAX), says: fc.boolean(), passMs: fc.nat(5_000) }),
    { maxLength: 40 },
  );

  it("misses no message that was appended at that time or later, and is not much too early", () => {
    fc.assert(
      fc.property(logs, fc.nat(100_000), fc.bigInt({ min: 0n, max: 1_000n }), (shapes, afterMs, start) => {
        const timeMs = START_MS + afterMs;
        let offset = start;
        let appendedMs = START_MS;
        const messages = shapes.map(({ skipped, delayMs, says, passMs }) => {
          offset += BigInt(skipped);
          appendedMs += passMs;
          const receivedNanos = says ? msToNanos(appendedMs - delayMs) : undefined;
          return { offset: offset++, appendedMs, receivedNanos };
        });
        const messageAt = (at: bigint): TimedMessage | undefined => messages.find((message) => message.offset >= at);
        const place = placeAtTime(timeMs, start, offset, messageAt);
        expect(place >= start && place <= offset).toBe(true);
        const before = messages.filter((message) => message.offset < place);
        expect(before.filter((message) => message.appendedMs >= timeMs)).toEqual([]);
        const firstLate = messages.find(({ appendedMs: ms }) => ms >= timeMs - APPEND_MS_MAX);
        const saysAll = shapes.every(({ says }) => says);
        if (saysAll && firstLate)
          expect(messages.filter((m) => m.offset >= place).length).toBeLessThanOrEqual(
            messages.filter(({ appendedMs: ms }) => ms >= timeMs - APPEND_MS_MAX).length,
          );
      }),
    );
  });

  it("is the end where nothing is as late, and the start where everything is", () => {
    const messageAt = (offset: bigint) => ({ offset, receivedNanos: msToNanos(START_MS + Number(offset)) });
    expect(placeAtTime(START_MS + APPEND_MS_MAX + 10, 0n, 10n, messageAt)).toBe(10n);
    expect(placeAtTime(START_MS + APPEND_MS_MAX + 9, 0n, 10n, messageAt)).toBe(9n);
    expect(placeAtTime(0, 3n, 10n, messageAt)).toBe(3n);
    expect(placeAtTime(0, 10n, 10n, messageAt)).toBe(10n);
  });
});
