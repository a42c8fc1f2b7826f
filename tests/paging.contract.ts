import { randomBytes } from "node:crypto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uploadBatches } from "../clients/upload-batches.ts";
import { LogBatchSchema } from "../gen/logpulse/v1/log_batch_pb.ts";
import type { LogRecordSchema } from "../gen/logpulse/v1/log_record_pb.ts";
import { Order, QueryService, type SearchLogsRequestSchema } from "../gen/logpulse/v1/query_service_pb.ts";
import { makeUuidV7 } from "../services/domain/identity.ts";
import { msToNanos, nanosToTimestamp } from "../services/domain/record-time.ts";
import { eventually } from "./eventually.ts";
import type { Installation, StartInstallation } from "./installation.ts";

const PRODUCERS = 3;
const RECORDS_PER_PRODUCER = 100_000;
const RECORDS = PRODUCERS * RECORDS_PER_PRODUCER;
const RECORDS_PER_BATCH = 1_000;
const PAGE_SIZE = 1_000;
const START_NANOS = msToNanos(Date.now() - 3_600_000);

/** Where a record stands in every list. */
interface Place {
  nanos: bigint;
  id: string;
  producer: string;
  seq: number;
}

/**
 * Times of three kinds, by turns of a thousand: all of one nanosecond, each 1 ns behind the one before, and each of a
 * second of its own, newest first. The producers' records lie in one another.
 */
function nanosOf(seq: number): bigint {
  const [turn, rest] = [Math.floor(seq / 1_000), seq % 1_000];
  const base = START_NANOS + BigInt(turn) * 1_000_000_000n;
  if (turn % 4 === 0) return START_NANOS; // Tens of thousands share this one.
  if (turn % 4 === 1) return base;
  if (turn % 4 === 2) return base + BigInt(rest);
  return base + BigInt(999 - rest) * 1_000_000n;
}

/** Paging over many records that can hardly be told apart. */
export function pagingContract(mode: string, start: StartInstallation): void {
  describe(`paging through ${RECORDS} records, ${mode}`, { timeout: 300_000 }, () => {
    let logpulse: Installation;
    let inOrder: string[] = [];

    beforeAll(async () => {
      logpulse = await start();
      const places: Place[] = [];
      for (let count = 0; count < PRODUCERS; count++) {
        const producerId = makeUuidV7(Date.now(), randomBytes(10));
        const producer = Buffer.from(producerId).toString("hex");
        const batches = batchesOf(producerId);
        expect(await uploadBatches(logpulse.address, batches)).toMatchObject({
          accepted: BigInt(RECORDS_PER_PRODUCER),
        });
        for (let seq = 0; seq < RECORDS_PER_PRODUCER; seq++) {
          places.push({ nanos: nanosOf(seq), id: `${producer}-${seq}`, producer, seq });
        }
      }
      inOrder = places.sort(newestFirst).map(({ id }) => id);
      const counts = async () => {
        const held = await Promise.all(logpulse.stores.map((store) => store.identities()));
        return held.map((ids) => ids.length);
      };
      await eventually(counts, (each) => each.every((count) => count === RECORDS), 240_000);
    }, 300_000);
    afterAll(() => logpulse?.stop());

    const client = () => createClient(QueryService, createGrpcTransport({ baseUrl: logpulse.url }));
    const question: MessageInitShape<typeof SearchLogsRequestSchema> = { pageSize: PAGE_SIZE, messageBytesMax: 1 };

    it("newest first, forwards to the end", async () => {
      expect(firstDifference(await forwards({ ...question }), inOrder)).toBeUndefined();
    });

    it("oldest first, forwards to the end", async () => {
      const found = await forwards({ ...question, order: Order.OLDEST_FIRST });
      expect(firstDifference(found, inOrder.toReversed())).toBeUndefined();
    });

    it("back from a page in the middle to the first", async () => {
      const queries = client();
      const asked = { ...question, order: Order.OLDEST_FIRST };
      const forth: string[] = [];
      let page = await queries.searchLogs(asked);
      for (let count = 0; count < 100; count++) {
        forth.push(...page.logs.map(({ id }) => id));
        page = await queries.searchLogs({ ...asked, pageToken: page.nextPageToken });
      }
      const back: string[][] = [];
      while (page.logs.length > 0) {
        page = await queries.searchLogs({ ...asked, pageToken: page.previousPageToken });
        back.unshift(page.logs.map(({ id }) => id));
      }
      expect(firstDifference(back.flat(), forth)).toBeUndefined();
    });

    it("exported whole", async () => {
      const found: string[] = [];
      let complete = false;
      for await (const { event } of client().exportLogs({})) {
        if (event.case === "log") found.push(event.value.id);
        if (event.case === "end") complete = event.value.complete;
      }
      expect(complete).toBe(true);
      expect(firstDifference(found, inOrder)).toBeUndefined();
    });

    async function forwards(asked: MessageInitShape<typeof SearchLogsRequestSchema>): Promise<string[]> {
      const found: string[] = [];
      const queries = client();
      let pageToken = "";
      do {
        const page = await queries.searchLogs({ ...asked, pageToken });
        expect(page.partial).toBe(false);
        found.push(...page.logs.map(({ id }) => id));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      return found;
    }
  });
}

function* batchesOf(producerId: Uint8Array<ArrayBuffer>): Generator<Uint8Array> {
  for (let first = 0; first < RECORDS_PER_PRODUCER; first += RECORDS_PER_BATCH) {
    const records: MessageInitShape<typeof LogRecordSchema>[] = Array.from(
      { length: RECORDS_PER_BATCH },
      (_, index) => ({
        time: nanosToTimestamp(nanosOf(first + index)),
        service: "paging",
        message: `${first + index}`,
      }),
    );
    yield toBinary(LogBatchSchema, create(LogBatchSchema, { producerId, firstSeq: BigInt(first), records }));
  }
}

function newestFirst(a: Place, b: Place): number {
  if (a.nanos !== b.nanos) return a.nanos > b.nanos ? -1 : 1;
  if (a.producer !== b.producer) return a.producer > b.producer ? -1 : 1;
  return b.seq - a.seq;
}

/** Where two long lists part; a diff of them would take minutes. */
function firstDifference(found: readonly string[], wanted: readonly string[]): object | undefined {
  const length = Math.max(found.length, wanted.length);
  for (let at = 0; at < length; at++) {
    if (found[at] !== wanted[at])
      return { at, found: found[at], wanted: wanted[at], lengths: [found.length, wanted.length] };
  }
  return undefined;
}
