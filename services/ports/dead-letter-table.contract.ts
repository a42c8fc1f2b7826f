import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DeadLetter, DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { letterKeyText } from "../domain/dead-letter-key.ts";
import {
  DEAD_LETTER_BYTES_MAX,
  DEAD_LETTER_DETAIL_CHARACTERS_MAX,
  DEAD_LETTER_NAME_BYTES_MAX,
  DEAD_LETTER_REASON_BYTES_MAX,
  RECORD_BYTES_MAX,
  RECORD_TIME_SECONDS_MAX,
  TENANT_BYTES_MAX,
} from "../domain/limits.ts";
import { newTenant } from "./contract-batches.ts";
import type { DeadLetterTable, LetterPlace, LetterQuery, ListedLetter } from "./dead-letter-table.ts";
import { HOSTILE_TEXTS } from "./hostile-texts.ts";

/** A table under test, and its time. */
export interface DeadLetterTableHarness {
  table: DeadLetterTable;
  /** Memory moves its clock, a database really waits. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

const MOMENT_MS = 5;
const WHOLE = { limit: 1_000, originalBytesMax: DEAD_LETTER_BYTES_MAX };

/** What every DeadLetterTable must do, whatever it is made of. Each test has a tenant of its own. */
export function deadLetterTableContract(adapterName: string, make: () => Promise<DeadLetterTableHarness>): void {
  describe(`${adapterName} keeps the DeadLetterTable contract`, { timeout: 60_000 }, () => {
    let harness: DeadLetterTableHarness;
    let table: DeadLetterTable;
    const signal = AbortSignal.timeout(600_000);

    beforeAll(async () => {
      harness = await make();
      table = harness.table;
      await Promise.all([table.prepare(), table.prepare()]);
      await table.prepare();
    });
    afterAll(() => harness?.close());

    const fill = (letters: readonly DeadLetter[]) => table.fill(letters, signal);
    const list = (query: LetterQuery, page: { limit: number; after?: LetterPlace; originalBytesMax: number } = WHOLE) =>
      table.list(query, page, signal);
    const count = (query: LetterQuery) => table.count(query, signal);
    /** Every letter that meets the query, in order, by pages of `limit`. */
    const walk = async (query: LetterQuery, limit: number): Promise<ListedLetter[]> => {
      const all: ListedLetter[] = [];
      for (;;) {
        const page = await list(query, { ...WHOLE, limit, after: all.at(-1) });
        if (page.length === 0) return all;
        expect(page.length).toBeLessThanOrEqual(limit);
        all.push(...page);
      }
    };
    /** Letters of a tenant in three groups, listed at different times, the first group the oldest. */
    const fillInTurn = async (...groups: DeadLetter[][]) => {
      for (const group of groups) {
        await fill(group);
        await harness.pass(MOMENT_MS);
      }
    };

    it("lists every field of a letter as it was kept, open and never changed", async () => {
      const tenant = newTenant();
      const letters = [
        ...HOSTILE_TEXTS.map((text, at) => letter({ tenant, id: `hostile-${at}`, reason: text, detail: text })),
        letter({ tenant, id: "", offset: 2n ** 63n - 1n, partition: 2 ** 31 - 1 }),
        letter({ tenant, id: "without a time", receivedTime: undefined }),
        letter({ tenant, id: "empty", detail: "", original: new Uint8Array(0) }),
        letter({ tenant, id: "first time", receivedTime: { seconds: 0n, nanos: 0 } }),
        letter({ tenant, id: "last time", receivedTime: { seconds: BigInt(RECORD_TIME_SECONDS_MAX), nanos: 1 } }),
      ];
      expect(await fill(letters)).toBe(letters.length);
      const found = await list({ tenant });
      expect(found.map(({ key }) => key)).toEqual(letters.map(letterKeyText).sort().reverse());
      for (const one of found) {
        const sent = letters.find((sentLetter) => letterKeyText(sentLetter) === one.key)!;
        expect(plain(one.letter)).toEqual(plain(sent));
        expect(one).toMatchObject({ state: "open", changedMs: undefined, originalBytes: sent.original.length });
      }
    });

    it("takes the longest texts that a letter may have", async () => {
      const tenant = "t".repeat(TENANT_BYTES_MAX);
      const long = letter({
        tenant,
        store: "s".repeat(DEAD_LETTER_NAME_BYTES_MAX),
        id: `${"f".repeat(32)}-${Number.MAX_SAFE_INTEGER}`,
        reason: "r".repeat(DEAD_LETTER_REASON_BYTES_MAX),
        detail: "😀".repeat(DEAD_LETTER_DETAIL_CHARACTERS_MAX / 2),
      });
      expect(await fill([long])).toBe(1);
      const [found] = await list({ tenant, reason: long.reason });
      expect(plain(found!.letter)).toEqual(plain(long));
    });

    it("has each letter once, however often it is filled, by several at once too", async () => {
      const tenant = newTenant();
      const letters = Array.from({ length: 100 }, (_, at) => letter({ tenant, id: `repeated-${at}` }));
      const added = await Promise.all([
        fill(letters),
        fill(letters.toReversed()),
        fill([...letters.slice(50), ...letters]),
      ]);
      expect(added.reduce((sum, one) => sum + one)).toBe(100);
      expect(await fill(letters)).toBe(0);
      expect(await fill([])).toBe(0);
      expect(await count({ tenant })).toBe(100);
    });

    it("keeps apart what has another store, reason, place or bytes; the first of the same key stays", async () => {
      const tenant = newTenant();
      const first = letter({ tenant, detail: "first" });
      const original = Buffer.from("other");
      const others = [{ store: "another" }, { reason: "another" }, { id: "" }, { id: "", offset: 4n }, { original }];
      expect(await fill([first, ...others.map((fields) => letter({ tenant, ...fields }))])).toBe(6);
      expect(await fill([letter({ tenant, detail: "second" }), letter({ tenant, original })])).toBe(0);
      const [found] = await list({ tenant, key: letterKeyText(first) });
      expect(plain(found!.letter)).toEqual(plain(first));
    });

    it("lists the newest first, and pages lose and repeat none, those of one moment included", async () => {
      const tenant = newTenant();
      const group = (name: string) => Array.from({ length: 30 }, (_, at) => letter({ tenant, id: `${name}-${at}` }));
      await fillInTurn(group("old"), group("middle"), group("new"));
      const all = await list({ tenant });
      expect(all).toHaveLength(90);
      expect(all.map(({ letter: { id } }) => id.split("-")[0]).join()).toMatch(/^(new,){30}(middle,){30}(old,?){30}$/);
      expect(all).toEqual(all.toSorted(newestFirst));
      for (const limit of [1, 7, 30, 89, 90]) {
        expect((await walk({ tenant }, limit)).map(({ key }) => key)).toEqual(all.map(({ key }) => key));
      }
    });

    it("finds by each condition and by all together, and counts what it finds", async () => {
      const tenant = newTenant();
      const [a, b, c] = [
        letter({ tenant, id: "a", store: "elasticsearch", reason: "mapper_parsing_exception" }),
        letter({ tenant, id: "b", store: "mysql", reason: "conflict" }),
        letter({ tenant, id: "c", store: "mysql", reason: "Conflict " }),
      ] as const;
      await fillInTurn([a], [b], [c]);
      const [third, second, first] = await list({ tenant });
      const cases: [Omit<LetterQuery, "tenant">, string][] = [
        [{}, "cba"],
        [{ store: "mysql" }, "cb"],
        [{ store: "MySQL" }, ""],
        [{ reason: "conflict" }, "b"],
        [{ reason: "Conflict " }, "c"],
        [{ id: "a" }, "a"],
        [{ id: "a " }, ""],
        [{ key: letterKeyText(c) }, "c"],
        [{ key: "0".repeat(64) }, ""],
        [{ state: "open" }, "cba"],
        [{ state: "stored" }, ""],
        [{ fromMs: second!.listedMs }, "cb"],
        [{ fromMs: third!.listedMs + 1 }, ""],
        [{ toMs: second!.listedMs }, "a"],
        [{ toMs: first!.listedMs }, ""],
        [{ fromMs: second!.listedMs, toMs: third!.listedMs }, "b"],
        [{ fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }, "cba"],
        [{ store: "mysql", reason: "conflict", id: "b", state: "open", fromMs: first!.listedMs }, "b"],
        [{ store: "elasticsearch", reason: "conflict" }, ""],
      ];
      for (const [conditions, ids] of cases) {
        const found = await list({ tenant, ...conditions });
        expect([conditions, found.map(({ letter: { id } }) => id).join("")]).toEqual([conditions, ids]);
        expect([conditions, await count({ tenant, ...conditions })]).toEqual([conditions, ids.length]);
      }
    });

    it("cuts originals to what was asked for, and says how long they are", async () => {
      const tenant = newTenant();
      const original = Uint8Array.from({ length: 1_000 }, (_, at) => at % 256);
      await fill([letter({ tenant, original })]);
      for (const originalBytesMax of [0, 1, 256, 999, 1_000, 1_001]) {
        const [found] = await list({ tenant }, { limit: 1, originalBytesMax });
        expect(Buffer.compare(found!.letter.original, original.subarray(0, originalBytesMax))).toBe(0);
        expect(found!.originalBytes).toBe(1_000);
      }
    });

    it("keeps the largest letters whole, and lists large ones in as many pages as it takes", async () => {
      const tenant = newTenant();
      const largest = new Uint8Array(DEAD_LETTER_BYTES_MAX).fill(255);
      await fill([letter({ tenant, id: "largest", original: largest })]);
      const large = new Uint8Array(RECORD_BYTES_MAX).fill(7);
      await fill(Array.from({ length: 30 }, (_, at) => letter({ tenant, id: `large-${at}`, original: large })));
      const all = await walk({ tenant }, 1_000);
      expect(new Set(all.map(({ letter: { id } }) => id)).size).toBe(31);
      expect(all).toHaveLength(31);
      expect(all.find(({ letter: { id } }) => id === "largest")!.letter.original).toHaveLength(largest.length);
      const cut = await list({ tenant }, { limit: 1_000, originalBytesMax: 10 });
      expect(cut.reduce((sum, { letter: { original } }) => sum + original.length, 0)).toBe(310);
    });

    it("moves a letter from open once, whoever else tries, and filling it again leaves it there", async () => {
      const tenant = newTenant();
      const letters = ["stored", "expired", "open"].map((id) => letter({ tenant, id }));
      const [first, second] = letters.map(letterKeyText) as [string, string];
      await fill(letters);
      await harness.pass(MOMENT_MS);
      const moved = await Promise.all([1, 2, 3, 4].map(() => table.settle(first, "stored", signal)));
      expect(moved.toSorted()).toEqual([false, false, false, true]);
      expect(await table.settle(first, "expired", signal)).toBe(false);
      expect(await table.settle(second, "expired", signal)).toBe(true);
      expect(await table.settle("0".repeat(64), "stored", signal)).toBe(false);
      expect(await fill(letters)).toBe(0);
      const states = new Map((await list({ tenant })).map((one) => [one.letter.id, one]));
      for (const state of ["stored", "expired", "open"] as const) {
        expect(states.get(state)).toMatchObject({ state });
        expect((await list({ tenant, state })).map(({ letter: { id } }) => id)).toEqual([state]);
      }
      expect(states.get("stored")!.changedMs).toBeGreaterThan(states.get("stored")!.listedMs);
      expect(states.get("open")!.changedMs).toBeUndefined();
    });

    it("goes on behind a place whose letter has changed or gone", async () => {
      const tenant = newTenant();
      await fillInTurn(...["a", "b", "c", "d"].map((id) => [letter({ tenant, id })]));
      const [newest] = await list({ tenant, state: "open" }, { ...WHOLE, limit: 1 });
      await table.settle(newest!.key, "stored", signal);
      const rest = await list({ tenant, state: "open" }, { ...WHOLE, after: newest });
      expect(rest.map(({ letter: { id } }) => id)).toEqual(["c", "b", "a"]);
    });

    it("forgets what was listed before a time, whatever its state, and nothing else", async () => {
      const tenant = newTenant();
      const [old, stored, young] = ["old", "old and stored", "young"].map((id) => letter({ tenant, id })) as [
        DeadLetter,
        DeadLetter,
        DeadLetter,
      ];
      await fillInTurn([old, stored], [young]);
      await table.settle(letterKeyText(stored), "stored", signal);
      const byAge = (await list({ tenant })).toReversed();
      await table.forgetBefore(byAge[0]!.listedMs, signal); // Letters of other tests.
      expect(await table.forgetBefore(byAge[2]!.listedMs, signal)).toBe(2);
      expect(await table.forgetBefore(byAge[2]!.listedMs, signal)).toBe(0);
      expect((await list({ tenant })).map(({ letter: { id } }) => id)).toEqual(["young"]);
      expect(await fill([old])).toBe(1);
    });

    // The last one: nobody's letters are seen by every test.
    it("shows a tenant its own letters and those of nobody, never another's", async () => {
      const [tenant, other] = [newTenant(), newTenant()];
      const reason = `reason of ${tenant}`;
      const [own, others, nobodys] = [
        letter({ tenant, reason }),
        letter({ tenant: other, reason }),
        letter({ tenant: "", id: "", reason }),
      ] as const;
      await fill([own, others, nobodys]);
      const seenBy = async (who: string) => (await list({ tenant: who, reason })).map(({ key }) => key).sort();
      expect(await seenBy(tenant)).toEqual([own, nobodys].map(letterKeyText).sort());
      expect(await seenBy(other)).toEqual([others, nobodys].map(letterKeyText).sort());
      expect(await list({ tenant, key: letterKeyText(others) })).toEqual([]);
      expect(await count({ tenant, reason })).toBe(2);
    });
  });
}

/** Without what messages of protobuf have beside their fields. */
function plain({ original, receivedTime, ...fields }: DeadLetter): object {
  const time = receivedTime && { seconds: receivedTime.seconds, nanos: receivedTime.nanos };
  return { ...fields, receivedTime: time, original: Buffer.from(original).toString("hex") };
}

function newestFirst(a: ListedLetter, b: ListedLetter): number {
  return b.listedMs - a.listedMs || (a.key > b.key ? -1 : 1);
}

type LetterFields = Partial<Omit<DeadLetter, "$typeName" | "$unknown" | "receivedTime">> & {
  receivedTime?: { seconds: bigint; nanos: number } | undefined;
};

function letter(fields: LetterFields): DeadLetter {
  return create(DeadLetterSchema, {
    store: "mysql",
    id: "019aa7a00000700080000000000000ff-0",
    reason: "data_too_long",
    detail: "said the store",
    original: Buffer.from([0, 255, 10]),
    receivedTime: { seconds: 1_700_000_000n, nanos: 5 },
    partition: 2,
    offset: 9_007_199_254_740_993n,
    ...fields,
  });
}
