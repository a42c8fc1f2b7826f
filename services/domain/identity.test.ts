import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  dayOfText,
  dayText,
  identityText,
  isUuidV7,
  makeUuidV7,
  parseIdentity,
  producerDay,
  uuidV7TimeMs,
} from "./identity.ts";
import { partitionOf } from "./partition.ts";

const times = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const randoms = fc.uint8Array({ minLength: 10, maxLength: 10 });

describe("a UUIDv7", () => {
  it("carries its time and day, whatever the randomness", () => {
    fc.assert(
      fc.property(times, randoms, (timeMs, random) => {
        const id = makeUuidV7(timeMs, random);
        expect(isUuidV7(id)).toBe(true);
        expect(uuidV7TimeMs(id)).toBe(timeMs);
        expect(producerDay(Buffer.from(id).toString("hex"))).toBe(Math.floor(timeMs / 86_400_000));
      }),
    );
  });

  it("has a day that is read back from its text, and from no other text", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_932_896 }), (day) => {
        expect(dayOfText(dayText(day))).toBe(day);
      }),
    );
    for (const text of ["", "20150229", "20151301", "2015-5-1", "201505", "201505171", "2015051x"]) {
      expect(dayOfText(text)).toBeUndefined();
    }
  });

  it("agrees with the example of RFC 9562, appendix A.6", () => {
    const id = Buffer.from("017f22e279b07cc398c4dc0c0c07398f", "hex");
    expect(isUuidV7(id)).toBe(true);
    expect(new Date(uuidV7TimeMs(id)).toISOString()).toBe("2022-02-22T19:22:22.000Z");
    expect(dayText(producerDay("017f22e279b07cc398c4dc0c0c07398f"))).toBe("20220222");
  });

  it.each([
    ["version 4", "9b2d7f3c1a4e4f6b8c0d1e2f3a4b5c6d"],
    ["another variant", "017f22e279b07cc3d8c4dc0c0c07398f"],
    ["short", "017f22e2"],
  ])("is not one of %s", (_name, hex) => expect(isUuidV7(Buffer.from(hex, "hex"))).toBe(false));
});

describe("an identity as text", () => {
  it("reads back", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{32}$/), fc.maxSafeNat(), (producer, seq) => {
        expect(parseIdentity(identityText(producer, seq))).toEqual({ producer, seq });
      }),
    );
  });

  const producer = "0".repeat(32);
  it.each([
    "",
    "abc",
    producer,
    `${producer}-`,
    `${producer}-01`,
    `${producer}-9007199254740992`,
    `${producer}-1 `,
    `${"A".repeat(32)}-1`,
    `${producer}-1'; DROP TABLE x`,
    "../../etc/passwd",
  ])("%j is refused by name", (text) => expect(() => parseIdentity(text)).toThrow(/^id is/));
});

it("partitions are stable for ever, within bounds, and even", () => {
  const id = Buffer.from("017f22e279b07cc398c4dc0c0c07398f", "hex");
  expect([1, 3, 12].map((count) => partitionOf("default", id, count))).toEqual([0, 1, 7]);
  const counts = [0, 0, 0];
  for (let i = 0; i < 3_000; i++) {
    const drawn = makeUuidV7(
      1_795_266_000_000 + i,
      Uint8Array.from({ length: 10 }, (_, at) => (i * 31 + at * 97) % 256),
    );
    counts[partitionOf("default", drawn, 3)]!++;
  }
  for (const count of counts) expect(count).toBeGreaterThan(800);
});
