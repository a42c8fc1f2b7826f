import { randomBytes } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BatchSender } from "../clients/stream-batches.ts";
import { LogBatchSchema, type Reject } from "../gen/logpulse/v1/log_batch_pb.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { SEQ_MAX, SETTLED_RANGES_PER_PRODUCER_MAX } from "../services/domain/limits.ts";
import { DeadLettersOf } from "./dead-letters-of.ts";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";

const DAY_MS = 86_400_000;
const YEAR_9999 = { seconds: 253_370_764_800n };
const YEAR_1969 = { seconds: -1n };

/** What a stream said of a batch. */
type Told = { rejects: readonly Reject[] } | { reason: string; message: string; mayRetry: boolean };

/** What a stream says of identities and times that cannot be. */
export function badIdentitiesContract(mode: string, start: StartInstallation): void {
  describe(`identities and times that cannot be, on a stream, ${mode}`, { timeout: 60_000 }, () => {
    let logpulse: Installation;
    let sender: BatchSender;
    const told = new Map<Uint8Array, Told>();

    beforeAll(async () => {
      logpulse = await start({ LOGPULSE_RATE_LIMIT: "off" });
      sender = new BatchSender(logpulse.address, {
        onKept: (batch, rejects) => told.set(batch, { rejects }),
        onRefused: (batch, { reason, message, mayRetry }) => told.set(batch, { reason, message, mayRetry }),
      });
    });
    afterAll(async () => {
      await sender?.close();
      await logpulse?.stop();
    });

    const producerOf = (timeMs = Date.now()) => makeUuidV7(timeMs, randomBytes(10));
    const encode = (batch: MessageInitShape<typeof LogBatchSchema>) =>
      toBinary(LogBatchSchema, create(LogBatchSchema, batch));
    const outcome = async (batch: Uint8Array): Promise<Told> => {
      await sender.send(batch);
      const answer = await eventually(
        async () => told.get(batch),
        (some) => some !== undefined,
      );
      return answer!;
    };
    const untilStored = async (producerId: Uint8Array, seqs: number[]) => {
      const producer = Buffer.from(producerId).toString("hex");
      const wanted = seqs.map((seq) => `${producer}-${seq}`).sort();
      for (const store of logpulse.stores) {
        const ours = async () => (await store.identities()).filter((id) => id.startsWith(producer)).sort();
        await eventually(ours, (found) => JSON.stringify(found) === JSON.stringify(wanted), 60_000);
      }
    };

    it.each([
      ["too old", () => producerOf(Date.now() - 28 * DAY_MS), 0n, "PRODUCER_EXPIRED", /up to 27 days old/],
      ["in the future", () => producerOf(Date.now() + 11 * 60_000), 0n, "PRODUCER_EXPIRED", /10 minutes ahead/],
      ["not of version 7", () => producerOf().fill(0x40, 6, 7), 0n, "INVALID_BATCH", /UUIDv7/],
      ["of 15 bytes", () => producerOf().subarray(1), 0n, "INVALID_BATCH", /producer_id/],
      ["with a seq beyond 2^53-1", () => producerOf(), BigInt(SEQ_MAX), "INVALID_BATCH", /first_seq.*9007199254740991/],
    ])(
      "a producer %s is refused by name and for ever; the stream goes on",
      async (_name, producer, firstSeq, reason, text) => {
        const batch = encode({ producerId: producer(), firstSeq, records: [{ message: "one" }, { message: "two" }] });
        expect(await outcome(batch)).toEqual({ reason, message: expect.stringMatching(text), mayRetry: false });
        const good = producerOf();
        expect(await outcome(encode({ producerId: good, records: [{ message: "good" }] }))).toEqual({ rejects: [] });
        await untilStored(good, [0]);
      },
    );

    it("records of 1969 and 9999 are rejected by index; the last seq of all is stored with its neighbours", async () => {
      const producerId = producerOf();
      const records = [{ message: "good" }, { time: YEAR_1969 }, { time: YEAR_9999 }, { message: "the last seq" }];
      const answer = await outcome(encode({ producerId, firstSeq: BigInt(SEQ_MAX - 3), records }));
      expect("rejects" in answer && answer.rejects.map(({ index, field }) => [index, field])).toEqual([
        [1, "time"],
        [2, "time"],
      ]);
      await untilStored(producerId, [SEQ_MAX - 3, SEQ_MAX]);
    });

    it("seqs that step by two: all are stored, and what comes for a closed gap is listed", {
      timeout: 120_000,
    }, async () => {
      const producerId = producerOf();
      const count = 3 * SETTLED_RANGES_PER_PRODUCER_MAX;
      const seqs = Array.from({ length: count }, (_, index) => 2 * index);
      for (const seq of seqs) {
        await sender.send(encode({ producerId, firstSeq: BigInt(seq), records: [{ message: `seq ${seq}` }] }));
      }
      await untilStored(producerId, seqs);

      expect(await outcome(encode({ producerId, firstSeq: 1n, records: [{ message: "too late" }] }))).toEqual({
        rejects: [],
      });
      const id = `${Buffer.from(producerId).toString("hex")}-1`;
      const letters = await new DeadLettersOf(logpulse).listed(`filter.id=${id}`, 1);
      expect(letters.map(({ letter }) => [letter.store, letter.reason])).toEqual([[logpulse.judge, "gap_closed"]]);
    });
  });
}
