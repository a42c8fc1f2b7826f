import { hash } from "node:crypto";
import { makeUuidV7 } from "../../../domain/identity.ts";
import { RECORD_BYTES_MAX } from "../../../domain/limits.ts";
import type { LoggedBatch } from "../../../domain/logged-batch.ts";
import { nanosToTimestamp } from "../../../domain/record-time.ts";
import { buildLoggedBatch, type RecordToBuild } from "../../../ports/build-logged-batch.ts";

const DAY_MS = 86_400_000;

/** The log that the batches come from. */
export const KILLED_LOG_ID = "the log of a process to kill";

/** Batches that a killed process stores have so many records, and some of them one more that no store takes. */
export const KILLED_BATCH_RECORDS = 80;

/** True where the batch has such a record, the last one. */
export function hasRefusedRecord(index: number): boolean {
  return index % 20 === 7;
}

/** The batch of that number, the same whenever it is made: of two tenants, two days, six producers, requests over minutes. */
export function killedBatch(producerMs: number, index: number): LoggedBatch {
  const producerNumber = index % 6;
  const random = hash("sha256", `producer ${producerNumber}`, "buffer");
  const producer = Buffer.from(makeUuidV7(producerMs - (producerNumber % 2) * DAY_MS, random)).toString("hex");
  const firstSeq = Math.floor(index / 6) * 1_000;
  const records = Array.from({ length: KILLED_BATCH_RECORDS }, (_, at): RecordToBuild => requestOf(firstSeq + at));
  if (hasRefusedRecord(index)) records.push({ message: "x".repeat(RECORD_BYTES_MAX) });
  return buildLoggedBatch({
    tenant: `tenant-${index % 2}`,
    producer,
    firstSeq,
    records,
    receivedNanos: BigInt(producerMs) * 1_000_000n,
    offset: BigInt(index),
  });
}

function requestOf(number: number): RecordToBuild {
  return {
    time: nanosToTimestamp(BigInt(29_000_000 + (number % 7)) * 60_000_000_000n),
    service: `service-${number % 5}`,
    severityText: number % 10 === 0 ? "ERROR" : "INFO",
    message: `request ${number} of a test, as long as many of them are, from client ${number % 250}`,
    http: {
      clientIp: `10.0.0.${number % 250}`,
      method: "GET",
      path: `/items/${number % 40}`,
      status: number % 10 === 0 ? 500 : 200,
      latency: { nanos: 1_000_000 + number },
      responseBytes: 100n,
    },
  };
}
