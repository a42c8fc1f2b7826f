import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { contentHash, sameContent } from "./record-content.ts";

const encode = (record: Parameters<typeof create<typeof LogRecordSchema>>[1]) =>
  toBinary(LogRecordSchema, create(LogRecordSchema, record));

describe("contentHash", () => {
  it("is 8 bytes, the same for the same bytes and another one for others", () => {
    const [one, other] = [encode({ message: "one" }), encode({ message: "other" })];
    expect(contentHash(one)).toHaveLength(8);
    expect(contentHash(one)).toEqual(contentHash(Uint8Array.from(one)));
    expect(contentHash(one)).not.toEqual(contentHash(other));
  });
});

describe("sameContent", () => {
  const message = encode({ message: "one" });
  const service = encode({ service: "shop" });
  const unknown = Uint8Array.of(0x98, 0x06, 0x01); // Field 99, varint 1.
  const otherUnknown = Uint8Array.of(0x90, 0x06, 0x02); // Field 98, varint 2.

  it.each<[string, Uint8Array, Uint8Array, boolean]>([
    ["the same bytes", message, message, true],
    ["another message", message, encode({ message: "two" }), false],
    ["fields in another order", Buffer.concat([message, service]), Buffer.concat([service, message]), true],
    [
      "attributes in another order, at every depth",
      encode({ attributes: { a: 1, b: { c: [{ d: 1, e: 2 }], f: null } } }),
      encode({ attributes: { b: { f: null, c: [{ e: 2, d: 1 }] }, a: 1 } }),
      true,
    ],
    ["a list in another order", encode({ attributes: { a: [1, 2] } }), encode({ attributes: { a: [2, 1] } }), false],
    ["a number and its text", encode({ attributes: { a: 1 } }), encode({ attributes: { a: "1" } }), false],
    ["a field left out and an empty one", encode({}), encode({ raw: new Uint8Array(0) }), false],
    [
      "unknown fields in another order",
      Buffer.concat([message, unknown, otherUnknown]),
      Buffer.concat([otherUnknown, message, unknown]),
      true,
    ],
    ["an unknown field more", message, Buffer.concat([message, unknown]), false],
    [
      "keys that JavaScript knows",
      encode({ attributes: JSON.parse('{"__proto__": 1, "a": 2}') }),
      encode({ attributes: JSON.parse('{"a": 2}') }),
      false,
    ],
  ])("%s", (_name, one, other, same) => {
    expect(sameContent(one, other)).toBe(same);
    expect(sameContent(other, one)).toBe(same);
  });
});
