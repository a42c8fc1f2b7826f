import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { DeadLetterSchema } from "../../../../gen/logpulse/v1/dead_letter_pb.ts";
import { ANSWER_BYTES_MAX, DEAD_LETTERS_COUNTED_MAX } from "../../../domain/limits.ts";
import { nanosToTimestamp } from "../../../domain/record-time.ts";
import type { LetterPlace, LetterQuery, LetterState, ListedLetter } from "../../../ports/dead-letter-table.ts";
import { allOf, condition, givenCondition, type SqlCondition } from "../reads/sql-condition.ts";
import { type Row, STILL_WANTED, type StoreReader } from "../reads/store-reader.ts";

/** Which letters of those that a query finds: as of `DeadLetterTable.list`. */
export interface LetterPage {
  limit: number;
  after?: LetterPlace;
  originalBytesMax: number;
}

/** A listed letter with the DeadLetter encoded, as it can be handed from thread to thread. */
export type EncodedListedLetter = Omit<ListedLetter, "letter"> & { letter: Uint8Array };

const NEWEST_FIRST = "ORDER BY listed_ms DESC, letter_key DESC";
const STATES: readonly LetterState[] = ["open", "stored", "expired"];
const OTHER_BYTES = 512; // Of a letter that is listed, beside its original, reason and detail.
const LISTED_COLUMNS =
  "listed_ms, changed_ms, state, length(original), store, tenant, id, reason, detail, " +
  "received_ns, log_partition, log_offset, substr(original, 1, ?)";

/** A page of letters, as `DeadLetterTable.list` promises it. */
export function listLetters(reader: StoreReader, query: LetterQuery, page: LetterPage): EncodedListedLetter[] {
  const { text, values } = keysOfPage(query, page);
  const letters: EncodedListedLetter[] = [];
  let bytes = 0;
  for (const [key, some] of reader.rows(text, ...values)) {
    bytes += Number(some);
    if (letters.length > 0 && bytes > ANSWER_BYTES_MAX) break; // The others are the next page's.
    const sql = `SELECT ${LISTED_COLUMNS} FROM dead_letters WHERE letter_key = ?`;
    letters.push(encodedLetterOf(key as Uint8Array, reader.row(sql, page.originalBytesMax, key as Uint8Array)!));
  }
  return letters;
}

/** As `DeadLetterTable.count`. */
export function countLetters(reader: StoreReader, query: LetterQuery): number {
  const byStore = query.store !== undefined || query.state !== undefined;
  const from = `FROM dead_letters ${indexOf(query, byStore ? "by_store" : "by_tenant")}`;
  const branches = branchesOf(query).map(({ text }) => `SELECT * FROM (SELECT 1 ${from} WHERE ${text} LIMIT ?)`);
  const values = branchesOf(query).flatMap((branch) => [...branch.values, DEAD_LETTERS_COUNTED_MAX]);
  const found = `${branches.join(" UNION ALL ")} LIMIT ?`;
  const [count] = reader.row(`SELECT count(*) FROM (${found})`, ...values, DEAD_LETTERS_COUNTED_MAX)!;
  return Number(count);
}

/** The letter as the port gives it. */
export function decodeListedLetter(listed: EncodedListedLetter): ListedLetter {
  return { ...listed, letter: fromBinary(DeadLetterSchema, listed.letter) };
}

/**
 * Key of up to `limit` letters that meet the query, newest first, and the bytes that each takes in an answer. The rows
 * of each branch are read in the order of an index, and no more of them than are wanted.
 */
function keysOfPage(query: LetterQuery, { limit, after, originalBytesMax }: LetterPage): SqlCondition {
  const bytes = `min(length(original), ?) + length(reason) + length(detail) + ${OTHER_BYTES} AS bytes`;
  const from = `FROM dead_letters ${indexOf(query, query.store === undefined ? "by_tenant" : "by_store")}`;
  const branches = branchesOf(query, after);
  const select = `SELECT letter_key, ${bytes}, listed_ms ${from}`;
  const texts = branches.map(({ text }) => `SELECT * FROM (${select} WHERE ${text} ${NEWEST_FIRST} LIMIT ?)`);
  return {
    text: `SELECT letter_key, bytes FROM (${texts.join(" UNION ALL ")}) ${NEWEST_FIRST} LIMIT ?`,
    values: [...branches.flatMap(({ values }) => [originalBytesMax, ...values, limit]), limit],
  };
}

/** Said and not left to SQLite, which may prefer to sort all of a tenant's letters. A key finds its row by itself. */
function indexOf({ key }: LetterQuery, index: "by_tenant" | "by_store"): string {
  return key === undefined ? `INDEXED BY dead_letters_${index}` : "";
}

/** Conditions that no letter meets twice, which together find what the query asks for. */
function branchesOf(query: LetterQuery, after?: LetterPlace): SqlCondition[] {
  // Letters of one store are in the order of their time within each state.
  const states = query.store !== undefined && query.state === undefined ? STATES : [query.state];
  // Letters without a tenant belong to nobody: everybody sees them.
  const tenants = query.tenant === "" ? [""] : [query.tenant, ""];
  return tenants.flatMap((tenant) => states.map((state) => conditionsOf({ ...query, tenant, state }, after)));
}

function conditionsOf(query: LetterQuery, after?: LetterPlace): SqlCondition {
  const bytes = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text));
  return allOf(
    givenCondition("tenant = ?", bytes(query.tenant)),
    givenCondition("store = ?", bytes(query.store)),
    givenCondition("reason = ?", bytes(query.reason)),
    givenCondition("id = ?", bytes(query.id)),
    givenCondition("letter_key = ?", query.key === undefined ? undefined : Buffer.from(query.key, "hex")),
    givenCondition("state = ?", query.state),
    givenCondition("listed_ms >= ?", query.fromMs),
    givenCondition("listed_ms < ?", query.toMs),
    givenCondition("(listed_ms, letter_key) < (?, ?)", after?.listedMs, after && Buffer.from(after.key, "hex")),
    condition(STILL_WANTED),
  );
}

/** `row`: of LISTED_COLUMNS. */
function encodedLetterOf(key: Uint8Array, row: Row): EncodedListedLetter {
  const [listedMs, changedMs, state, originalBytes, store, tenant, id, reason, detail, ...rest] = row;
  const [receivedNanos, partition, offset, original] = rest;
  const text = (bytes: Row[number] | undefined) => Buffer.from(bytes as Uint8Array).toString();
  const letter = create(DeadLetterSchema, {
    store: text(store),
    tenant: text(tenant),
    id: text(id),
    reason: text(reason),
    detail: text(detail),
    original: original as Uint8Array,
    receivedTime: receivedNanos === null ? undefined : nanosToTimestamp(receivedNanos as bigint),
    partition: Number(partition),
    offset: offset as bigint,
  });
  return {
    key: Buffer.from(key).toString("hex"),
    listedMs: Number(listedMs),
    changedMs: changedMs === null ? undefined : Number(changedMs),
    state: state as LetterState,
    originalBytes: Number(originalBytes),
    letter: toBinary(DeadLetterSchema, letter),
  };
}
