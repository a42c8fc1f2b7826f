import { describe, expect, it } from "vitest";
import { encodeBatch, newProducer } from "../ports/build-logged-batch.ts";
import { decodeLoggedBatch, readLoggedBatch } from "./logged-batch.ts";

const MESSAGE_TAG = 0x2a; // Field 5, length-delimited.
const batch = { tenant: "default", producer: newProducer(), records: [{ message: "flipped" }, { message: "sound" }] };

describe("a message of the log", () => {
  it("is read with the columns of its records, which are decoded when somebody asks", () => {
    const { records } = readLoggedBatch(0, 7n, encodeBatch(batch));
    expect(records.map(({ columns }) => Buffer.from(columns.message).toString())).toEqual(["flipped", "sound"]);
    expect(records.map(({ record }) => record.message)).toEqual(["flipped", "sound"]);
  });

  it("has records that are the same again when their decoded form was let go", () => {
    const [logged] = decodeLoggedBatch(0, 7n, encodeBatch(batch)).records;
    const { record, timeNanos } = logged!;
    logged!.forgetDecoded();
    expect(logged!.isDecoded).toBe(false);
    expect(logged!.timeNanos).toBe(timeNanos);
    expect(logged!.record).toEqual(record);
  });

  it("with a bit that the disk has changed is refused when it is read, not while it is stored", () => {
    const bytes = Buffer.from(encodeBatch(batch));
    const tag = bytes.indexOf(Buffer.concat([Buffer.from([MESSAGE_TAG, 7]), Buffer.from("flipped")]));
    expect(tag).toBeGreaterThan(0);
    bytes[tag] = MESSAGE_TAG | 1;
    expect(() => readLoggedBatch(0, 7n, bytes)).toThrow("the record has the wire type 3");
  });

  it.each([
    ["no batch", Buffer.from("plain text\n")],
    ["nothing", new Uint8Array()],
  ])("that is %s is refused", (_, bytes) => {
    expect(() => readLoggedBatch(0, 0n, bytes)).toThrow();
    expect(() => decodeLoggedBatch(0, 0n, bytes)).toThrow();
  });
});
