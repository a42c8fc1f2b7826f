import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DeadLetter, DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { RECORD_BYTES_MAX } from "../domain/limits.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";

/** Dead letters under test, and a way to read them. */
export interface DeadLettersHarness {
  deadLetters: DeadLetters;
  /** All that are kept, each once, in any order. */
  kept(): Promise<DeadLetter[]>;
  close(): Promise<void>;
}

/** What every DeadLetters must do, whatever they are made of. */
export function deadLettersContract(adapterName: string, make: () => Promise<DeadLettersHarness>): void {
  describe(`${adapterName} keeps the DeadLetters contract`, () => {
    let harness: DeadLettersHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(() => harness.close());

    const kept = async () => (await harness.kept()).sort(byId);

    it("keeps every field of a letter", async () => {
      const letters = HOSTILE_TEXTS.map((text, at) => letter({ id: `hostile-${at}`, detail: text }));
      await harness.deadLetters.keep(letters);
      expect(await kept()).toEqual(letters.sort(byId));
    });

    it("keeps a letter once, however often it is kept, and each reason for itself", async () => {
      await harness.deadLetters.keep([letter({ id: "a" }), letter({ id: "a" }), letter({ id: "b" })]);
      await harness.deadLetters.keep([letter({ id: "a" })]);
      await harness.deadLetters.keep([letter({ id: "b", reason: "another" }), letter({ id: "b", store: "another" })]);
      await harness.deadLetters.keep([letter({ id: "b", tenant: "another" })]);
      expect((await kept()).map(({ id }) => id)).toEqual(["a", "b", "b", "b", "b"]);
    });

    it("keeps messages without an identity apart by their place in the log", async () => {
      const unreadable = { id: "", tenant: "", reason: "undecodable" };
      await harness.deadLetters.keep([1n, 2n, 1n].map((offset) => letter({ ...unreadable, offset })));
      await harness.deadLetters.keep([letter({ ...unreadable, offset: 1n, partition: 1 })]);
      expect(await kept()).toHaveLength(3);
    });

    it("keeps thousands at once, and large ones", async () => {
      const original = new Uint8Array(RECORD_BYTES_MAX).fill(7);
      const letters = Array.from({ length: 3_000 }, (_, at) =>
        letter({ id: String(at), ...(at % 300 === 0 ? { original } : {}) }),
      );
      await harness.deadLetters.keep(letters);
      await harness.deadLetters.keep([]);
      const found = await harness.kept();
      expect(new Set(found.map(({ id }) => id)).size).toBe(3_000);
      expect(found.filter((one) => one.original.length === RECORD_BYTES_MAX)).toHaveLength(10);
    });
  });
}

const byId = (a: DeadLetter, b: DeadLetter): number => (a.id < b.id ? -1 : 1);

function letter(fields: Partial<Omit<DeadLetter, "$typeName" | "$unknown" | "receivedTime">>): DeadLetter {
  return create(DeadLetterSchema, {
    store: "mysql",
    tenant: "default",
    reason: "data_too_long",
    detail: "said the store",
    original: Buffer.from([0, 255, 10]),
    receivedTime: { seconds: 1_700_000_000n, nanos: 5 },
    partition: 2,
    offset: 9_007_199_254_740_993n,
    ...fields,
  });
}
