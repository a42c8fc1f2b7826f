import { describe, expect, it } from "vitest";
import { isKind } from "../../domain/errors.ts";
import { eventLogContract } from "../../ports/event-log.contract.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import { MemoryEventLog } from "./event-log.ts";
import { MemoryEventLogReader } from "./event-log-reader.ts";

eventLogContract("memory", async () => {
  const log = new MemoryEventLog(3);
  return { log, reader: new MemoryEventLogReader(log, systemClock), close: () => log.close() };
});

describe("MemoryEventLog", () => {
  const kilobyte = new Uint8Array(1_000);

  it("refuses what finds no room, and takes it once the oldest are settled by every group", async () => {
    const log = new MemoryEventLog(2, 3_000);
    await log.append(0, [kilobyte, kilobyte]);
    await log.append(1, [kilobyte]);
    const append = () => log.append(1, [kilobyte]);
    const full = await append().catch((error: unknown) => error);
    expect(isKind(full, "log_unavailable")).toBe(true);

    log.positionsOf("fast").splice(0, 2, 2, 1);
    const slow = log.positionsOf("slow");
    await expect(append()).rejects.toThrow("fill the log");
    slow[0] = 1;
    await append();
    expect(log.messagesFrom(0, 1).map(({ offset }) => offset)).toEqual([1n]);
    expect(log.messagesFrom(1, 0).map(({ offset }) => offset)).toEqual([0n, 1n]);
  });

  it("keeps none of several where not all find room", async () => {
    const log = new MemoryEventLog(1, 1_500);
    await expect(log.append(0, [kilobyte, kilobyte])).rejects.toThrow();
    expect(log.messagesFrom(0, 0)).toEqual([]);
  });

  it("starts a group that comes late at the earliest message it still holds", async () => {
    const log = new MemoryEventLog(1, 2_000);
    await log.append(0, [kilobyte, kilobyte]);
    log.positionsOf("first")[0] = 2;
    await log.append(0, [kilobyte]);
    expect(log.positionsOf("late")).toEqual([2]);
  });
});
