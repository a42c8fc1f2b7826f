import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventLogFollowerContract } from "../../../ports/event-log-follower.contract.ts";
import { LogInFolder, newFolder, numbered, texts, until } from "./event-log.fixture.ts";
import { SqliteEventLogFollower } from "./event-log-follower.ts";

const never = new AbortController().signal;

async function open() {
  const place = new LogInFolder(await newFolder());
  const log = await place.open({ bounds: { trimEveryMs: 5, tailBytesKept: 0 } });
  const follower = new SqliteEventLogFollower({ path: place.path, logId: log.logId, signals: log.signals });
  const close = async () => {
    await follower.close();
    await place.remove();
  };
  return { place, log, follower, close };
}

eventLogFollowerContract("sqlite", async () => {
  const { place, log, follower, close } = await open();
  const trimTo = async (partition: number, offset: bigint) => {
    log.signals.raiseSafe(partition, offset);
    await until(() => place.messages(partition)[0]?.offset === offset);
  };
  return { log, follower, trimTo, close };
});

describe("SqliteEventLogFollower", () => {
  it("goes over offsets that were never given out", async () => {
    const { log, follower, close } = await open();
    onTestFinished(close);
    await log.append(0, numbered(2));
    await log.raiseTo(0, 1_000n);
    await log.append(0, numbered(2, 2));
    const from = (offset: bigint) => ({ logId: log.logId, partition: 0, offset });
    const found = await follower.read(from(1n), 0, never);
    expect(found.map(({ offset }) => offset)).toEqual([1n, 1_000n, 1_001n]);
    expect(await follower.read(from(500n), 0, never)).toHaveLength(2);
    expect((await follower.extent(never)).partitions[0]).toEqual({ start: 0n, end: 1_002n });
    expect(await follower.placesAt(Date.now(), never)).toEqual([0n, 0n, 0n]); // None of them says its time.
  });

  it("says that the log is away where its file cannot be read, and reads it when it can", async () => {
    const { place, log, follower, close } = await open();
    onTestFinished(close);
    await log.append(0, numbered(1));
    const missing = new SqliteEventLogFollower({ path: `${place.path}-none`, logId: "x", signals: log.signals });
    onTestFinished(() => missing.close());
    const from = { logId: "x", partition: 0, offset: 0n };
    for (let round = 0; round < 2; round++) {
      await expect(missing.extent(never)).rejects.toMatchObject({ kind: "log_unavailable" });
      await expect(missing.read(from, 0, never)).rejects.toMatchObject({ kind: "log_unavailable" });
    }
    expect(texts(await follower.read({ ...from, logId: log.logId }, 0, never))).toEqual(["0"]);
  });

  it("does not hold up checkpoints: what a break left half read is put down", async () => {
    const { place, log, follower, close } = await open();
    onTestFinished(close);
    for (let at = 0; at < 8; at++) await log.append(0, [Buffer.alloc(2 ** 20, at)]);
    expect((await follower.read({ logId: log.logId, partition: 0, offset: 0n }, 0, never)).length).toBe(1);
    const other = new DatabaseSync(place.path, { timeout: 0 });
    const { busy } = other.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number };
    other.close();
    expect(busy).toBe(0);
  });
});
