import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { buildLoggedBatch, encodeBatch } from "../ports/build-logged-batch.ts";
import { loggedBatchOfLetter } from "./letter-batch.ts";
import { SEQ_MAX } from "./limits.ts";
import { deadLetterOf } from "./refused-record.ts";

const BATCH = {
  tenant: "shop",
  producer: "019aa7a00000700080000000000000ff",
  firstSeq: SEQ_MAX - 2,
  records: [
    { message: "rejected" },
    { message: "no time" },
    { message: "with a time", time: { seconds: 5n, nanos: 1 } },
  ],
  rejected: [0],
  receivedNanos: 1_740_000_000_000_000_001n,
  partition: 3,
  offset: 2n ** 60n,
};

describe("loggedBatchOfLetter", () => {
  it("gives back each record of a batch as it was, and nothing else of the batch", () => {
    const batch = buildLoggedBatch(BATCH);
    for (const logged of batch.records) {
      const letter = deadLetterOf("mysql", { batch, logged, reason: "conflict", detail: "" });
      expect(loggedBatchOfLetter(letter)).toEqual({
        ...batch,
        firstSeq: logged.seq,
        recordCount: 1,
        records: [logged],
        rejects: [],
      });
    }
  });

  it("reads the whole message where the letter has no identity", () => {
    const original = encodeBatch(BATCH);
    const letter = { store: "mysql", reason: "undecodable", partition: 3, offset: 2n ** 60n, original };
    expect(loggedBatchOfLetter(create(DeadLetterSchema, letter))).toEqual(buildLoggedBatch(BATCH));
  });

  const good = { tenant: "shop", id: `${BATCH.producer}-1`, receivedTime: { seconds: 1n } };
  it.each([
    ["no message", { original: Buffer.from("no message at all") }, "illegal tag"],
    ["no bytes", {}, "producer_id has 0 bytes"],
    ["no record", { ...good, original: Uint8Array.of(0xff, 0xff, 0xff) }, "premature EOF"],
    ["no identity", { ...good, id: "shop-1" }, 'id is "shop-1"'],
    ["a seq that is too high", { ...good, id: `${BATCH.producer}-${2n ** 53n}` }, "a number up to"],
    ["no tenant", { ...good, tenant: "" }, "no tenant or no received_time"],
    ["a tenant that is too long", { ...good, tenant: "t".repeat(65) }, "tenant has more than 64 bytes"],
    ["no received time", { ...good, receivedTime: undefined }, "no tenant or no received_time"],
  ])("says what is wrong where there is %s", (_what, fields, said) => {
    expect(() => loggedBatchOfLetter(create(DeadLetterSchema, fields))).toThrow(said);
  });
});
