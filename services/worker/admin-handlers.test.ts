import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  DeadLetterState,
  ListDeadLettersRequestSchema,
  type ListDeadLettersResponse,
  ListDeadLettersResponseSchema,
  ReplayDeadLettersRequestSchema,
  type ReplayDeadLettersResponse,
  ReplayDeadLettersResponseSchema,
} from "../../gen/logpulse/v1/admin_service_pb.ts";
import { type DeadLetter, DeadLetterSchema } from "../../gen/logpulse/v1/dead_letter_pb.ts";
import { LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { MemoryDeadLetterTable } from "../adapters/memory/dead-letter-table.ts";
import { letterKeyText } from "../domain/dead-letter-key.ts";
import { LogPulseError } from "../domain/errors.ts";
import { ANSWER_BYTES_MAX, RECORD_BYTES_MAX, REPLAY_MS_MAX } from "../domain/limits.ts";
import type { DeadLetterReplay, ReplayOutcome } from "../ports/dead-letter-replay.ts";
import type { ListedLetter } from "../ports/dead-letter-table.ts";
import { ManualClock } from "../ports/manual-clock.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { adminService } from "./admin-handlers.ts";

const PRODUCER = "019aa7a00000700080000000000000ff";
const { signal } = new AbortController();
const context: CallContext = { tenant: "default", client: "10.0.0.1", signal, stopping: signal };

/** A way back that does with each letter what it is told to, and remembers which it was given. */
class ReplayStub implements DeadLetterReplay {
  readonly name: string;
  readonly given: ListedLetter[] = [];
  answer: (listed: ListedLetter) => Promise<ReplayOutcome> = async () => ({ is: "stored" });
  constructor(name: string) {
    this.name = name;
  }
  async replay(listed: ListedLetter): Promise<ReplayOutcome> {
    this.given.push(listed);
    return this.answer(listed);
  }
}

type Fields = Omit<MessageInitShape<typeof DeadLetterSchema>, "$typeName">;

const letter = (seq: number, fields: Fields = {}): DeadLetter =>
  create(DeadLetterSchema, {
    store: "mysql",
    tenant: "default",
    id: `${PRODUCER}-${seq}`,
    reason: "data_too_long",
    detail: "said the store",
    original: toBinary(LogRecordSchema, create(LogRecordSchema, { message: `m${seq}` })),
    ...fields,
  });

function admin() {
  const clock = new ManualClock();
  const table = new MemoryDeadLetterTable(clock);
  const mysql = new ReplayStub("mysql");
  const elasticsearch = new ReplayStub("elasticsearch");
  const replays = new Map([mysql, elasticsearch].map((replay) => [replay.name, replay]));
  const [list, replay] = adminService({ table, replays, clock }).methods.map(({ handler }) => handler.handle) as [
    (request: unknown, context: CallContext) => Promise<MessageInitShape<typeof ListDeadLettersResponseSchema>>,
    (request: unknown, context: CallContext) => Promise<MessageInitShape<typeof ReplayDeadLettersResponseSchema>>,
  ];
  return {
    clock,
    table,
    mysql,
    elasticsearch,
    /** Letters that are listed one millisecond apart, the last one the newest. */
    fill: async (letters: DeadLetter[]) => {
      for (const one of letters) {
        await table.fill([one]);
        await clock.pass(1);
      }
    },
    list: async (
      request: MessageInitShape<typeof ListDeadLettersRequestSchema> = {},
      as = context,
    ): Promise<ListDeadLettersResponse> =>
      create(ListDeadLettersResponseSchema, await list(create(ListDeadLettersRequestSchema, request), as)),
    replay: async (
      request: MessageInitShape<typeof ReplayDeadLettersRequestSchema> = {},
      as = context,
    ): Promise<ReplayDeadLettersResponse> =>
      create(ReplayDeadLettersResponseSchema, await replay(create(ReplayDeadLettersRequestSchema, request), as)),
  };
}

const seqs = (letters: { letter?: DeadLetter | undefined }[]) =>
  letters.map((one) => Number(one.letter!.id.split("-")[1]));
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at);

describe("ListDeadLetters", () => {
  it("lists the newest first with all that is known, and the original as a record", async () => {
    const { fill, list, table, clock } = admin();
    const [first, second] = [letter(1), letter(2, { store: "elasticsearch" })];
    await fill([first, second]);
    await table.settle(letterKeyText(first), "stored");
    const { letters, total, nextPageToken } = await list();
    expect([total, nextPageToken]).toEqual([2n, ""]);
    expect(seqs(letters)).toEqual([2, 1]);
    expect(letters[0]).toMatchObject({
      key: letterKeyText(second),
      state: DeadLetterState.OPEN,
      letter: { store: "elasticsearch", reason: "data_too_long", detail: "said the store" },
      originalBytes: BigInt(second.original.length),
      record: { message: "m2" },
    });
    expect(letters[0]!.changedTime).toBeUndefined();
    expect(letters[1]).toMatchObject({
      state: DeadLetterState.STORED,
      changedTime: { seconds: BigInt(Math.floor(clock.nowMs() / 1000)) },
    });
  });

  it("cuts originals, and shows no record of one that is cut, whole messages and what JSON cannot say", async () => {
    const { fill, list } = admin();
    const notFinite = Buffer.from([0x32, 0x0f, 0x0a, 0x0d, 0x0a, 0x00, 0x12, 0x09, 0x11, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f]);
    const noTime = toBinary(LogRecordSchema, create(LogRecordSchema, { time: { seconds: 2n ** 60n } }));
    const long = toBinary(LogRecordSchema, create(LogRecordSchema, { message: "x".repeat(RECORD_BYTES_MAX) }));
    await fill([
      letter(1),
      letter(2, { id: "" }),
      letter(3, { original: Buffer.from([0xff]) }),
      letter(4, { original: notFinite }),
      letter(5, { original: noTime }),
      letter(6, { original: long }),
      letter(7, { original: new Uint8Array(0) }),
    ]);
    const { letters } = await list({ originalBytesMax: RECORD_BYTES_MAX + 1_000 });
    expect(letters.map(({ record }) => record?.message)).toEqual(["", ...Array(5).fill(undefined), "m1"]);
    const cut = await list({ originalBytesMax: 3 });
    expect(cut.letters.map(({ letter: one }) => one!.original.length)).toEqual([0, 3, 3, 3, 1, 3, 3]);
    expect(cut.letters.map(({ record }) => record !== undefined)).toEqual([true, ...Array(6).fill(false)]);
    expect(cut.letters.at(-1)!.originalBytes).toBe(BigInt(letter(1).original.length));
    expect((await list()).letters[1]!.letter!.original).toHaveLength(4_096);
  });

  it("has pages that lose and repeat none, whatever is filled in and settled meanwhile", async () => {
    const { fill, list, table } = admin();
    await fill(numbers(25).map((seq) => letter(seq)));
    const found: number[] = [];
    let pageToken = "";
    do {
      const page = await list({ pageSize: 10, pageToken });
      found.push(...seqs(page.letters));
      pageToken = page.nextPageToken;
      await fill([letter(100 + found.length)]);
      await table.settle(page.letters.at(-1)!.key, "stored");
    } while (pageToken !== "");
    expect(found).toEqual(numbers(25).toReversed());
  });

  it("ends a page where the answer would be too long", async () => {
    const { fill, list } = admin();
    await fill(numbers(10).map((seq) => letter(seq, { original: new Uint8Array(1_000_000) })));
    const found: number[] = [];
    let pageToken = "";
    do {
      const page = await list({ pageSize: 1_000, pageToken, originalBytesMax: 2_000_000 });
      expect(toBinary(ListDeadLettersResponseSchema, page).length).toBeLessThan(ANSWER_BYTES_MAX + 1_000);
      found.push(...seqs(page.letters));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(found).toEqual(numbers(10).toReversed());
  });

  it("shows a caller its own letters and those of nobody", async () => {
    const { fill, list, replay } = admin();
    await fill([letter(1), letter(2, { tenant: "another" }), letter(3, { tenant: "" })]);
    expect(seqs((await list()).letters)).toEqual([3, 1]);
    const another = { ...context, tenant: "another" };
    expect(seqs((await list({}, another)).letters)).toEqual([3, 2]);
    const key = letterKeyText(letter(1));
    expect(await replay({ filter: { key } }, another)).toMatchObject({ matched: 0n, tried: 0n });
  });

  it("finds by every condition of the filter", async () => {
    const { fill, list, table, clock } = admin();
    const start = clock.nowMs();
    await fill([letter(1), letter(2, { store: "elasticsearch" }), letter(3, { reason: "conflict" })]);
    await table.settle(letterKeyText(letter(3, { reason: "conflict" })), "expired");
    const at = (ms: number, nanos = 0) => {
      const whole = start + ms;
      return { seconds: BigInt(Math.floor(whole / 1000)), nanos: (whole % 1000) * 1_000_000 + nanos };
    };
    const found = async (filter: MessageInitShape<typeof ListDeadLettersRequestSchema>["filter"]) =>
      seqs((await list({ filter })).letters);
    expect(await found({})).toEqual([3, 2, 1]);
    expect(await found({ store: "elasticsearch" })).toEqual([2]);
    expect(await found({ reason: "conflict" })).toEqual([3]);
    expect(await found({ id: `${PRODUCER}-1` })).toEqual([1]);
    expect(await found({ key: letterKeyText(letter(1)) })).toEqual([1]);
    expect(await found({ state: DeadLetterState.EXPIRED })).toEqual([3]);
    expect(await found({ state: DeadLetterState.OPEN, store: "mysql" })).toEqual([1]);
    expect(await found({ startTime: at(1) })).toEqual([3, 2]);
    expect(await found({ startTime: at(1, 1) })).toEqual([3]);
    expect(await found({ endTime: at(1) })).toEqual([1]);
    expect(await found({ endTime: at(1, 1) })).toEqual([2, 1]);
    expect(await found({ startTime: at(1), endTime: at(1) })).toEqual([]);
  });

  it.each([
    [{ filter: { id: "7" } }, 'filter.id is "7"; it must be 32 hexadecimal digits', "filter.id"],
    [{ filter: { key: "A".repeat(64) } }, /^filter\.key is "A{64}"; it must be 64 hexadecimal digits/, "filter.key"],
    [{ filter: { state: 4 as DeadLetterState } }, "filter.state is 4; it must be one of OPEN", "filter.state"],
    [{ filter: { store: "x".repeat(9_000) } }, "filter.store is 9000 bytes long; the limit is 8192", "filter.store"],
    [{ filter: { reason: "x".repeat(9_000) } }, "filter.reason is 9000 bytes long; the limit is", "filter.reason"],
    [{ filter: { startTime: { seconds: -1n } } }, "filter.start_time has -1 seconds", "filter.start_time"],
    [
      { filter: { startTime: { seconds: 2n }, endTime: { seconds: 1n } } },
      "filter.end_time lies before filter.start_time",
      "filter.end_time",
    ],
    [{ pageSize: -1 }, "page_size is -1; it must not be negative", "page_size"],
    [{ pageToken: "nonsense" }, "page_token is not a token that this server gave out", "page_token"],
    [{ pageToken: "x".repeat(600) }, "page_token is 600 characters long; the limit is 512", "page_token"],
  ])("refuses a wrong field and says why, for a replay too: case %#", async (request, message, field) => {
    const { list, replay } = admin();
    for (const call of [() => list(request), () => replay(request)]) {
      const refusal = await call().catch((reason: unknown) => reason);
      expect(refusal).toMatchObject({ kind: "invalid_request", metadata: { field } });
      expect((refusal as Error).message).toMatch(message);
    }
  });

  it.each([-1, 3 * 1024 * 1024 + 1])("refuses to send %d bytes of each original", async (originalBytesMax) => {
    const refused = admin().list({ originalBytesMax });
    await expect(refused).rejects.toThrow(`original_bytes_max is ${originalBytesMax}; it must be a number from 0 to`);
  });

  it("refuses a token of another filter", async () => {
    const { fill, list } = admin();
    await fill([letter(1), letter(2)]);
    const { nextPageToken } = await list({ pageSize: 1 });
    const other = list({ pageSize: 1, pageToken: nextPageToken, filter: { store: "mysql" } });
    await expect(other).rejects.toThrow("page_token belongs to a query with other conditions");
  });
});

describe("ReplayDeadLetters", () => {
  it("tries open letters in their own stores, with whole originals, and moves their state", async () => {
    const { fill, list, replay, mysql, elasticsearch } = admin();
    const original = new Uint8Array(RECORD_BYTES_MAX).fill(7);
    await fill([letter(1), letter(2, { store: "elasticsearch", original }), letter(3)]);
    mysql.answer = async ({ letter: { id } }) => ({ is: id.endsWith("-1") ? "already_stored" : "stored" });
    elasticsearch.answer = async () => ({ is: "expired" });
    expect(await replay()).toMatchObject({
      matched: 3n,
      tried: 3n,
      stored: 1n,
      alreadyStored: 1n,
      expired: 1n,
      refused: 0n,
      refusals: [],
      nextPageToken: "",
    });
    expect(seqs(mysql.given)).toEqual([3, 1]);
    expect(elasticsearch.given[0]!.letter.original).toEqual(original);
    const states = (await list()).letters.map(({ state }) => state);
    expect(states).toEqual([DeadLetterState.STORED, DeadLetterState.EXPIRED, DeadLetterState.STORED]);
    expect(await replay()).toMatchObject({ matched: 0n, tried: 0n });
    expect(mysql.given).toHaveLength(2);
  });

  it("tries only what meets the filter, whatever state that names", async () => {
    const { fill, replay, mysql, elasticsearch } = admin();
    await fill([letter(1), letter(2, { reason: "conflict" }), letter(3, { store: "elasticsearch" })]);
    const filter = { store: "mysql", reason: "conflict", state: DeadLetterState.STORED };
    expect(await replay({ filter })).toMatchObject({ matched: 1n, tried: 1n, stored: 1n });
    expect([seqs(mysql.given), elasticsearch.given]).toEqual([[2], []]);
  });

  it("leaves open what is refused again, says of each why, and of no more than a hundred", async () => {
    const { fill, list, replay, mysql } = admin();
    await fill(numbers(150).map((seq) => letter(seq)));
    mysql.answer = async () => ({ is: "refused", reason: "data_too_long", detail: "as before" });
    const answer = await replay();
    expect(answer).toMatchObject({ matched: 150n, tried: 150n, refused: 150n, stored: 0n, nextPageToken: "" });
    expect(answer.refusals).toHaveLength(100);
    const { id } = letter(149);
    expect(answer.refusals[0]).toMatchObject({ key: letterKeyText(letter(149)), id, detail: "as before" });
    expect((await list({ filter: { state: DeadLetterState.OPEN } })).total).toBe(150n);
  });

  it("refuses letters of a store that it does not know, and names those it knows", async () => {
    const { fill, replay } = admin();
    await fill([letter(1, { store: "dead-letters", id: "", tenant: "" })]);
    const { refused, refusals } = await replay();
    expect(refused).toBe(1n);
    expect(refusals).toMatchObject(
      [{ reason: "unknown_store", detail: /"dead-letters".*there are mysql, elasticsearch/ }].map(
        ({ reason, detail }) => ({ reason, detail: expect.stringMatching(detail) as string }),
      ),
    );
  });

  it("goes on by pages: each letter once, those that are stored, refused and new meanwhile included", async () => {
    const { fill, replay, mysql } = admin();
    await fill(numbers(25).map((seq) => letter(seq)));
    mysql.answer = async ({ letter: { id } }) =>
      Number(id.split("-")[1]) % 2 === 0 ? { is: "stored" } : { is: "refused", reason: "x", detail: "" };
    let pageToken = "";
    const matched: bigint[] = [];
    do {
      const answer = await replay({ pageSize: 10, pageToken });
      matched.push(answer.matched);
      pageToken = answer.nextPageToken;
      await fill([letter(100 + matched.length)]);
    } while (pageToken !== "");
    expect(seqs(mysql.given)).toEqual(numbers(25).toReversed());
    expect(matched).toEqual([25n, 0n, 0n]); // Counted once.
  });

  it("when it is a dry run changes nothing and tells what would be tried", async () => {
    const { fill, list, replay, mysql } = admin();
    await fill(numbers(25).map((seq) => letter(seq)));
    const first = await replay({ dryRun: true, pageSize: 20 });
    expect(first).toMatchObject({ matched: 25n, tried: 20n, stored: 0n, refused: 0n });
    const second = await replay({ dryRun: true, pageSize: 20, pageToken: first.nextPageToken });
    expect(second).toMatchObject({ matched: 0n, tried: 5n, nextPageToken: "" });
    expect(mysql.given).toEqual([]);
    expect((await list({ filter: { state: DeadLetterState.OPEN } })).total).toBe(25n);
  });

  it("leaves letters open whose store is away, and tries them in the next call", async () => {
    const { fill, list, replay, mysql } = admin();
    await fill(numbers(5).map((seq) => letter(seq)));
    let away = true;
    mysql.answer = async () => {
      if (away && mysql.given.length > 3) throw new LogPulseError("store_unavailable", "away");
      return { is: "stored" };
    };
    expect(await replay()).toMatchObject({ matched: 5n, tried: 5n, stored: 3n, refused: 2n });
    expect((await list({ filter: { state: DeadLetterState.STORED } })).total).toBe(3n);
    away = false;
    expect(await replay()).toMatchObject({ matched: 2n, tried: 2n, stored: 2n });
  });

  it("ends early when its time is over, and says how to go on", async () => {
    const { fill, replay, mysql, clock } = admin();
    await fill(numbers(5).map((seq) => letter(seq)));
    mysql.answer = async () => {
      await clock.pass(REPLAY_MS_MAX / 2);
      return { is: "stored" };
    };
    const first = await replay();
    expect(first).toMatchObject({ matched: 5n, tried: 3n, stored: 3n });
    expect(await replay({ pageToken: first.nextPageToken })).toMatchObject({ tried: 2n, nextPageToken: "" });
  });

  it("stops when its caller hangs up", async () => {
    const { fill, replay, mysql } = admin();
    await fill(numbers(5).map((seq) => letter(seq)));
    const caller = new AbortController();
    mysql.answer = async () => {
      caller.abort(new LogPulseError("cancelled", "the caller hung up"));
      return { is: "stored" };
    };
    await expect(replay({}, { ...context, signal: caller.signal })).rejects.toMatchObject({ kind: "cancelled" });
    expect(mysql.given).toHaveLength(1);
  });
});
