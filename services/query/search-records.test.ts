import type { MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  Order,
  type SearchLogsRequestSchema,
  type SearchLogsResponse,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { nanosToTimestamp } from "../domain/record-time.ts";
import type { RecordToBuild } from "../ports/build-logged-batch.ts";
import { at, errorOf, queryRole, START } from "./query.fixture.ts";

type Asked = MessageInitShape<typeof SearchLogsRequestSchema>;

const searchOver = async (records: readonly RecordToBuild[]) => {
  const { call } = await queryRole(records);
  return (asked: Asked) => call("searchLogs", asked);
};
const messages = (response: SearchLogsResponse) => response.logs.map((log) => log.record?.message);

describe("SearchLogs", () => {
  it("pages through records that share a nanosecond, losing and repeating none", async () => {
    const records = Array.from({ length: 250 }, (_, i) => at(Math.floor(i / 60), { message: `m${i}` }));
    const search = await searchOver(records);
    const seen: (string | undefined)[] = [];
    let pageToken = "";
    do {
      const page = await search({ pageSize: 7, pageToken });
      seen.push(...messages(page));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(seen).toEqual(Array.from({ length: 250 }, (_, i) => `m${249 - i}`));
  });

  it("ends a page early where its records are large, and goes on behind it", async () => {
    const search = await searchOver(
      Array.from({ length: 40 }, (_, i) => at(i, { message: `${i} ${"x".repeat(250_000)}` })),
    );
    const first = await search({ pageSize: 40 });
    expect(first.logs.length).toBeLessThan(16);
    expect(first.nextPageToken).not.toBe("");
    const second = await search({ pageSize: 40, pageToken: first.nextPageToken });
    expect(second.logs[0]?.record?.message).toMatch(new RegExp(`^${39 - first.logs.length} `));
  });

  it("says there is no next page exactly when there is none", async () => {
    const search = await searchOver([{ message: "a" }, { message: "b" }]);
    expect((await search({ pageSize: 2 })).nextPageToken).toBe("");
    expect((await search({ pageSize: 1 })).nextPageToken).not.toBe("");
    expect((await search({ pageSize: 1, words: "nothing" })).nextPageToken).toBe("");
  });

  it.each([
    ["a token of another query", { pageToken: "TOKEN", words: "b" }, /belongs to a query with other conditions/],
    ["an altered token", { pageToken: "AAAA" }, /not a token that this server gave out/],
    ["an endless token", { pageToken: "A".repeat(513) }, /513 characters long; the limit is 512/],
    ["a negative page size", { pageSize: -1 }, /page_size is -1; it must not be negative/],
    ["65 words", { words: "w ".repeat(65) }, /words has 65 words; the limit is 64/],
    ["a text without words", { phrase: "!!!" }, /phrase has no word in it/],
    ["a text of 9 KiB", { service: "s".repeat(9_000) }, /service is 9000 bytes long; the limit is 8192/],
    [
      "an end before the start",
      { startTime: nanosToTimestamp(START), endTime: nanosToTimestamp(START - 1n) },
      /end_time lies before/,
    ],
    ["a start in 1969", { startTime: nanosToTimestamp(-1n) }, /start_time has -1 seconds/],
  ])("refuses %s", async (_name, wrong, text) => {
    const search = await searchOver([{ message: "a" }, { message: "a" }]);
    const { nextPageToken } = await search({ words: "a", pageSize: 1 });
    const request =
      "pageToken" in wrong && wrong.pageToken === "TOKEN" ? { ...wrong, pageToken: nextPageToken } : wrong;
    expect(await errorOf(search(request))).toMatchObject({
      kind: "invalid_request",
      message: expect.stringMatching(text),
    });
  });

  it("pages oldest first, and back again from any page", async () => {
    const search = await searchOver(
      Array.from({ length: 100 }, (_, i) => at(Math.floor(i / 30), { message: `m${i}` })),
    );
    const order = Order.OLDEST_FIRST;
    const pages: string[][] = [];
    let page = await search({ pageSize: 7, order });
    for (;;) {
      pages.push(messages(page) as string[]);
      if (page.nextPageToken === "") break;
      page = await search({ pageSize: 7, order, pageToken: page.nextPageToken });
    }
    expect(pages.flat()).toEqual(Array.from({ length: 100 }, (_, i) => `m${i}`));
    const back: string[] = [];
    while (page.logs.length > 0) {
      page = await search({ pageSize: 9, order, pageToken: page.previousPageToken });
      back.unshift(...(messages(page) as string[]));
    }
    expect([...back, ...pages.at(-1)!]).toEqual(pages.flat());
  });

  it("finds what is newer than the first page once it is there, and can turn round again", async () => {
    const { call, add } = await queryRole([at(0, { message: "old" })]);
    const first = await call("searchLogs", {});
    const none = await call("searchLogs", { pageToken: first.previousPageToken });
    expect(none).toMatchObject({ logs: [], nextPageToken: "" });
    await add([at(1, { message: "new" })], 1);
    const newer = await call("searchLogs", { pageToken: none.previousPageToken });
    expect(messages(newer)).toEqual(["new"]);
    expect(messages(await call("searchLogs", { pageToken: newer.nextPageToken }))).toEqual(["old"]);
  });

  it("keeps to the nearest where a page before another is too large for an answer", async () => {
    const search = await searchOver(
      Array.from({ length: 40 }, (_, i) => at(i, { message: `${i} ${"x".repeat(250_000)}` })),
    );
    const last = await search({ pageSize: 1, query: "0" });
    expect(messages(last)[0]).toMatch(/^0 /);
    const all = await search({ pageSize: 1, order: Order.OLDEST_FIRST });
    const second = await search({ pageSize: 1, order: Order.OLDEST_FIRST, pageToken: all.nextPageToken });
    const third = await search({ pageSize: 40, order: Order.OLDEST_FIRST, pageToken: second.nextPageToken });
    const before = await search({ pageSize: 40, order: Order.OLDEST_FIRST, pageToken: third.previousPageToken });
    expect(messages(before).map((message) => message?.split(" ")[0])).toEqual(["0", "1"]);
  });

  it("cuts messages where it is asked to, and says how long they are", async () => {
    const search = await searchOver([at(1, { message: "schön war es" }), at(0, { message: "kurz" })]);
    const { logs } = await search({ messageBytesMax: 4 });
    expect(logs.map(({ record, messageBytesCut }) => [record?.message, messageBytesCut])).toEqual([
      ["sch", 13],
      ["kurz", 0],
    ]);
  });

  it("goes on behind a page that the store has cut short", async () => {
    const { call } = await queryRole(
      [0, 1, 2, 3, 4].map((nanos) => at(nanos, { message: `m${nanos}` })),
      {
        search: (real) => ({
          check: () => real.check(),
          search: async (query, page, signal) => {
            const found = await real.search(query, { ...page, size: Math.min(page.size, 2) }, signal);
            return { ...found, isCut: found.records.length === 2 };
          },
        }),
      },
    );
    const seen: (string | undefined)[] = [];
    let page = await call("searchLogs", {});
    for (; ; page = await call("searchLogs", { pageToken: page.nextPageToken })) {
      seen.push(...messages(page));
      if (page.nextPageToken === "") break;
    }
    expect(seen).toEqual(["m4", "m3", "m2", "m1", "m0"]);
  });

  it("says that an answer is partial, and gives no tokens with it", async () => {
    const { call } = await queryRole([{ message: "a" }, { message: "b" }], {
      search: (real) => ({
        check: () => real.check(),
        search: async (query, page, signal) => ({ ...(await real.search(query, page, signal)), isPartial: true }),
      }),
    });
    const page = await call("searchLogs", { pageSize: 1, timeout: { seconds: 1n } });
    expect(page).toMatchObject({ partial: true, nextPageToken: "", previousPageToken: "" });
    expect(page.logs).toHaveLength(1);
  });

  it.each<[string, Asked, string[]]>([
    ["a text", { query: "level:error timeout" }, ["timeout in b"]],
    ["a filter", { filter: { condition: { case: "level", value: "info" } } }, ["timeout in a"]],
    [
      "both, and a field",
      { query: "timeout", filter: { condition: { case: "level", value: "info" } }, service: "a" },
      ["timeout in a"],
    ],
    ["both, at odds", { query: "level:error", level: "info" }, []],
  ])("takes %s", async (_name, asked, expected) => {
    const search = await searchOver([
      at(0, { message: "timeout in a", severityText: "INFO", service: "a" }),
      at(1, { message: "timeout in b", severityText: "ERROR", service: "b" }),
    ]);
    expect(messages(await search(asked))).toEqual(expected);
  });

  it.each<[Asked, RegExp]>([
    [{ query: 'a "b' }, /^query has an error at character 2: .*/],
    [{ filter: { condition: { case: "words", value: { text: "!!" } } } }, /^filter/],
    [{ order: 7 as Order }, /^order is 7/],
    [{ timeout: { seconds: 11n } }, /^timeout is 11000 ms; it must be from 10 to 10000 ms/],
    [{ timeout: { nanos: 5_000_000 } }, /^timeout is 5 ms/],
    [{ messageBytesMax: -1 }, /^message_bytes_max is -1/],
  ])("refuses %o", async (asked, text) => {
    const search = await searchOver([]);
    expect(await errorOf(search(asked))).toMatchObject({
      kind: "invalid_request",
      message: expect.stringMatching(text),
    });
  });
});
