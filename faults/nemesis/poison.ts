import { create, toBinary } from "@bufbuild/protobuf";
import { DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import type { SeededRandom } from "../ledger/seeded-random.ts";

/** Messages that somebody else could write to the topic: none of them holds a record, and only the last is a batch. */
export function poisonousMessages(random: SeededRandom, nowMs: number): Buffer[] {
  const producerId = random.bytes(16);
  new DataView(producerId.buffer).setBigUint64(0, (BigInt(nowMs) << 16n) | 0x7000n);
  producerId[8] = 0x80;
  const batch = create(LogBatchSchema, { producerId, firstSeq: 5n, records: [{ message: "of nobody" }] });
  const letter = create(DeadLetterSchema, { store: "mysql", id: "no id", original: random.bytes(50), offset: 7n });
  const received = { tenant: "default", receivedTime: { seconds: BigInt(Math.floor(nowMs / 1_000)), nanos: 0 } };
  const encoded = Buffer.from(toBinary(LogBatchSchema, batch));
  return [
    Buffer.from(random.bytes(random.between(1, 2_000))),
    Buffer.alloc(0),
    Buffer.from("plain text\n"),
    Buffer.from('{"service":"json","message":"is no protobuf"}'),
    encoded, // Without the server's fields.
    encoded.subarray(0, encoded.length - 3),
    Buffer.from(toBinary(DeadLetterSchema, letter)), // Another message of the same contract.
    Buffer.from(toBinary(LogBatchSchema, create(LogBatchSchema, { ...received, firstSeq: 1n, records: [{}] }))), // No producer.
    Buffer.from(
      toBinary(LogBatchSchema, create(LogBatchSchema, { ...received, producerId, firstSeq: 2n ** 53n, records: [{}] })),
    ),
    Buffer.from(toBinary(LogBatchSchema, create(LogBatchSchema, { ...received, producerId }))), // No records: nothing to do.
  ];
}
