import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { type LogBatch, LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { makeUuidV7 } from "../../services/domain/identity.ts";

const RECORDS_PER_BATCH = 10;

/** Batches of requests, one after the other, with identities that the client declares. */
export class MadeBatches {
  private readonly producerId = makeUuidV7(Date.now(), randomBytes(10));
  private readonly service: string;
  private nextSeq = 0;

  constructor(service: string) {
    this.service = service;
  }

  next(): LogBatch {
    const firstSeq = BigInt(this.nextSeq);
    this.nextSeq += RECORDS_PER_BATCH;
    return create(LogBatchSchema, { producerId: this.producerId, firstSeq, records: requestRecords(this.service) });
  }
}

/** Some requests. */
export function requestRecords(service: string) {
  return Array.from({ length: RECORDS_PER_BATCH }, (_, at) => ({
    service,
    message: `record of ${service}`,
    http: { clientIp: `10.1.${at}.1`, method: "GET", path: `/${at % 5}`, status: at === 0 ? 500 : 200 },
  }));
}

/** `<producer>-<seq>` of each record of a batch, as the stores have it. */
export function identitiesOf(producerId: Uint8Array, firstSeq: bigint): string[] {
  const producer = Buffer.from(producerId).toString("hex");
  return Array.from({ length: RECORDS_PER_BATCH }, (_, at) => `${producer}-${firstSeq + BigInt(at)}`);
}
