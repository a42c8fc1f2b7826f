import { randomBytes } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it, onTestFinished } from "vitest";
import { LogBatchSchema } from "../gen/logpulse/v1/log_batch_pb.ts";
import type { LogRecordSchema } from "../gen/logpulse/v1/log_record_pb.ts";
import { MemoryCounter } from "../services/adapters/memory/counter.ts";
import { MemoryEventLog } from "../services/adapters/memory/event-log.ts";
import { NoLimiter } from "../services/adapters/memory/no-limiter.ts";
import { MemoryRateLimiter } from "../services/adapters/memory/rate-limiter.ts";
import { LogPulseError } from "../services/domain/errors.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { IngestCounts } from "../services/ingest/ingest-counts.ts";
import { ingestService } from "../services/ingest/ingest-handlers.ts";
import type { RateLimiter } from "../services/ports/rate-limiter.ts";
import { startTestServer } from "../services/runtime/server.fixture.ts";
import { systemClock } from "../services/runtime/system-clock.ts";
import { BatchSender } from "./stream-batches.ts";

/** A log that takes a moment, as a real one, and can be made to refuse its next appends. */
class SlowEventLog extends MemoryEventLog {
  failures = 0;

  override async append(partition: number, batches: readonly Uint8Array[]): Promise<void> {
    await sleep(2);
    if (this.failures-- > 0) throw new LogPulseError("log_unavailable", "no answer");
    await super.append(partition, batches);
  }

  /** `<producer>-<seq>` of every record, in the order of the log. */
  get identities(): string[] {
    const messages = Array.from({ length: this.partitions }, (_, partition) => this.allOf(partition)).flat();
    return messages.flatMap(({ bytes }) => {
      const { producerId, firstSeq, records } = fromBinary(LogBatchSchema, bytes);
      const producer = Buffer.from(producerId).toString("hex");
      return records.map((_, at) => `${producer}-${Number(firstSeq) + at}`);
    });
  }

  private allOf(partition: number) {
    const all = [];
    for (let next = this.messagesFrom(partition, 0); next.length > 0; ) {
      all.push(...next);
      next = this.messagesFrom(partition, all.length);
    }
    return all;
  }
}

/** A real ingest process in this one, on a free port or a given one. */
async function ingest(log: SlowEventLog, { limiter = new NoLimiter() as RateLimiter, port = 0 } = {}) {
  const counts = new IngestCounts();
  const parts = { log, limiter, clock: systemClock, randomBytes, counts, producerAgeDaysMax: 27 };
  const services = [ingestService({ ...parts, counter: new MemoryCounter() })];
  return { ...(await startTestServer({ services, port })), counts };
}

/** A place between client and server where connections can be cut. */
async function cuttable(portOf: () => number) {
  const sockets = new Set<Socket>();
  const door = createServer((client) => {
    const server = connect(portOf(), "127.0.0.1");
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(from);
      from.on("error", () => to.destroy()).on("close", () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => door.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  onTestFinished(() => {
    door.close();
    cut();
  });
  return { address: `127.0.0.1:${(door.address() as { port: number }).port}`, cut };
}

const RECORDS = 5;
const producerId = makeUuidV7(Date.now(), randomBytes(10));
const producer = Buffer.from(producerId).toString("hex");

function batch(at: number, records?: MessageInitShape<typeof LogRecordSchema>[]): Uint8Array {
  const usual = Array.from({ length: RECORDS }, (_, index) => ({ message: `${at}/${index}` }));
  const firstSeq = BigInt(at * RECORDS);
  return toBinary(LogBatchSchema, create(LogBatchSchema, { producerId, firstSeq, records: records ?? usual }));
}

const identitiesOf = (batches: number) => Array.from({ length: batches * RECORDS }, (_, seq) => `${producer}-${seq}`);

describe("BatchSender", () => {
  it("sends batches in their order, many at a time, and is closed when all are kept", async () => {
    const log = new SlowEventLog(3);
    const { address, server, counts } = await ingest(log);
    const kept: Uint8Array[] = [];
    const sender = new BatchSender(address, { onKept: (each) => kept.push(each) });
    const sent = Array.from({ length: 500 }, (_, at) => batch(at));
    for (const each of sent) await sender.send(each);
    expect(kept.length).toBeGreaterThanOrEqual(500 - 32);
    await sender.close();
    expect(kept).toEqual(sent);
    expect(log.identities).toEqual(identitiesOf(500));
    expect(counts.totals().receivedRecords).toBe(500 * RECORDS);
    expect(server.callsInFlight).toBe(0);
    await expect(sender.send(batch(0))).rejects.toThrow("closed");
  });

  it("goes on where connections break at any moment: nothing is missing, and only what was on its way comes twice", async () => {
    const log = new SlowEventLog(3);
    const { port } = await ingest(log);
    const door = await cuttable(() => port);
    let broken = 0;
    const kept: Uint8Array[] = [];
    const sender = new BatchSender(door.address, {
      onKept: (each) => kept.push(each),
      onBroken: () => (broken += 1),
    });
    const cutting = setInterval(door.cut, 130);
    for (let at = 0; at < 1_500; at++) await sender.send(batch(at));
    clearInterval(cutting);
    await sender.close();
    expect(broken).toBeGreaterThan(1);
    expect(kept).toEqual(Array.from({ length: 1_500 }, (_, at) => batch(at)));
    expect([...new Set(log.identities)].toSorted()).toEqual(identitiesOf(1_500).toSorted());
    expect(log.identities.length).toBeLessThanOrEqual((1_500 + broken * 32) * RECORDS);
  });

  it("goes on with another process when this one stops, and sends nothing twice then: all was told", async () => {
    const log = new SlowEventLog(3);
    let { server, port } = await ingest(log);
    const door = await cuttable(() => port);
    const codes: number[] = [];
    const sender = new BatchSender(door.address, { onBroken: ({ code }) => codes.push(code) });
    for (let at = 0; at < 600; at++) {
      if (at === 300) {
        const stopped = server.stop();
        ({ server, port } = await ingest(log));
        await stopped;
      }
      await sender.send(batch(at));
    }
    await sender.close();
    expect(codes).toEqual([14]);
    expect(log.identities).toEqual(identitiesOf(600));
  });

  it("tells rejects and refusals for ever by their batch, and the others are kept", async () => {
    const log = new SlowEventLog(1);
    const { address } = await ingest(log);
    const told: [Uint8Array, unknown][] = [];
    const sender = new BatchSender(address, {
      onKept: (each, rejects) => told.push([each, rejects.map(({ index, field }) => `${index} ${field}`)]),
      onRefused: (each, { reason }) => told.push([each, reason]),
    });
    const withBad = batch(0, [{ message: "a" }, { traceId: "none" }, { message: "c" }]);
    const none = Uint8Array.of(0xff);
    for (const each of [withBad, none, batch(1)]) await sender.send(each);
    await sender.close();
    expect(told).toHaveLength(3);
    expect(told).toContainEqual([withBad, ["1 trace_id"]]);
    expect(told).toContainEqual([none, "INVALID_BATCH"]);
    expect(told).toContainEqual([batch(1), []]);
  });

  it("sends again on the same stream what was refused for a while", async () => {
    const log = new SlowEventLog(1);
    log.failures = 3;
    const { address } = await ingest(log);
    let broken = 0;
    const sender = new BatchSender(address, { onBroken: () => (broken += 1) });
    for (let at = 0; at < 100; at++) await sender.send(batch(at));
    await sender.close();
    expect(log.identities.toSorted()).toEqual(identitiesOf(100).toSorted());
    expect(broken).toBe(0);
  });

  it("keeps to its limit without a refusal", async () => {
    const log = new SlowEventLog(1);
    const limiter = new MemoryRateLimiter({ capacity: 100, refillPerSecond: 200 }, systemClock);
    const { address, counts } = await ingest(log, { limiter });
    const sender = new BatchSender(address);
    const beganMs = Date.now();
    for (let at = 0; at < 60; at++) await sender.send(batch(at));
    await sender.close();
    expect(Date.now() - beganMs).toBeGreaterThan(900);
    expect(log.identities).toEqual(identitiesOf(60));
    expect(counts.totals().refusedBatches).toEqual({});
  });

  it("gives up where no stream will do, and says why", async () => {
    const { address } = await startTestServer({ services: [] });
    const sender = new BatchSender(address);
    await sender.send(batch(0));
    await expect(sender.close()).rejects.toMatchObject({ code: 12, message: expect.stringMatching(/^UNIMPLEMENTED/) });
    await expect(new BatchSender(address).send(new Uint8Array(4 * 1024 * 1024 + 1))).rejects.toThrow("4194304");
  });

  it("has nothing to do where nothing was sent", async () => {
    await new BatchSender("127.0.0.1:1").close();
  });
});
