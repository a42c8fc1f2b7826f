import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { LogBatchSchema } from "../gen/logpulse/v1/log_batch_pb.ts";
import { logRecords } from "../services/domain/log-records.arbitrary.ts";
import { countRecords } from "./count-records.ts";

it("counts the records of any batch", () => {
  const batches = fc.record({
    producerId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    firstSeq: fc.maxSafeNat().map(BigInt),
    records: fc.array(logRecords(), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(batches, (init) => {
      const batch = create(LogBatchSchema, init as Parameters<typeof create<typeof LogBatchSchema>>[1]);
      expect(countRecords(toBinary(LogBatchSchema, batch))).toBe(init.records.length);
    }),
  );
});

it("ends on any bytes", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => countRecords(bytes) <= bytes.length));
});
