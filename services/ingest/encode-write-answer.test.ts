import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { WriteResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { RECORDS_PER_BATCH_MAX, SEQ_MAX } from "../domain/limits.ts";
import { encodeWriteAnswer } from "./encode-write-answer.ts";

const answer = fc.record(
  {
    producerId: fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
    firstSeq: fc.oneof(fc.bigInt(0n, BigInt(SEQ_MAX)), fc.bigInt(0n, 2n ** 64n - 1n)),
    accepted: fc.oneof(fc.integer({ min: -1, max: RECORDS_PER_BATCH_MAX }), fc.integer()),
    rejects: fc.array(fc.record({ index: fc.nat(), field: fc.string(), reason: fc.string() }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
);

it("gives the bytes that the library gives", () => {
  fc.assert(
    fc.property(answer, (made) => {
      const expected = toBinary(WriteResponseSchema, create(WriteResponseSchema, made));
      expect(Buffer.from(encodeWriteAnswer(made))).toEqual(Buffer.from(expected));
    }),
    {
      examples: [
        [{}],
        [{ producerId: new Uint8Array(16).fill(255), firstSeq: BigInt(SEQ_MAX), accepted: RECORDS_PER_BATCH_MAX }],
        [{ producerId: new Uint8Array(128), firstSeq: 128n, accepted: 127 }],
      ],
    },
  );
});

it.each([{ firstSeq: -1n }, { firstSeq: 2n ** 64n }, { accepted: 2 ** 31 }, { accepted: Number.NaN }])(
  "refuses what the library refuses: %s",
  (wrong) => {
    expect(() => toBinary(WriteResponseSchema, create(WriteResponseSchema, wrong))).toThrow();
    expect(() => encodeWriteAnswer(wrong)).toThrow();
  },
);
