import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ReplayDeadLettersRequest, ReplayRefusalSchema } from "../../gen/logpulse/v1/admin_service_pb.ts";
import { isKind } from "../domain/errors.ts";
import {
  DEAD_LETTER_BYTES_MAX,
  DEAD_LETTERS_REPLAYED_PER_CALL_MAX,
  REPLAY_MS_MAX,
  REPLAY_REFUSALS_TOLD_MAX,
} from "../domain/limits.ts";
import { readPageSize } from "../domain/request-fields.ts";
import type { DeadLetterReplay, ReplayOutcome } from "../ports/dead-letter-replay.ts";
import type { LetterPlace, LetterQuery, ListedLetter } from "../ports/dead-letter-table.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import type { AdminParts } from "./admin-parts.ts";
import { readLetterPlace, readLetterQuery } from "./letter-conditions.ts";
import { nextPageToken } from "./next-page-token.ts";

/** Letters that are read at a time; the table gives fewer where they are large. */
const READ_AT_ONCE = 100;

/** What became of the letters of one call. */
class ReplayTally {
  tried = 0;
  private readonly outcomes = { stored: 0, already_stored: 0, expired: 0, refused: 0 };
  private readonly refusals: MessageInitShape<typeof ReplayRefusalSchema>[] = [];

  add({ key, letter }: ListedLetter, outcome: ReplayOutcome): void {
    this.outcomes[outcome.is]++;
    if (outcome.is !== "refused" || this.refusals.length === REPLAY_REFUSALS_TOLD_MAX) return;
    this.refusals.push({ key, id: letter.id, reason: outcome.reason, detail: outcome.detail });
  }

  get fields() {
    const { stored, already_stored, expired, refused } = this.outcomes;
    return {
      tried: BigInt(this.tried),
      stored: BigInt(stored),
      alreadyStored: BigInt(already_stored),
      expired: BigInt(expired),
      refused: BigInt(refused),
      refusals: this.refusals,
    };
  }
}

/**
 * Tries open letters, the newest first, one after the other. Pages go by a letter's place, not by counting, so letters
 * that change their state or come in meanwhile move nothing. A call ends early when REPLAY_MS_MAX is over, and says how
 * to go on.
 *
 * @throws LogPulseError `invalid_request`; `store_unavailable`: the table does not answer; what was done before is done.
 */
export async function replayDeadLetters(parts: AdminParts, request: ReplayDeadLettersRequest, context: CallContext) {
  const { table, clock } = parts;
  const { tenant, signal } = context;
  const query: LetterQuery = { ...readLetterQuery(tenant, request.filter), state: "open" };
  const size = readPageSize(request.pageSize, DEAD_LETTERS_REPLAYED_PER_CALL_MAX, DEAD_LETTERS_REPLAYED_PER_CALL_MAX);
  let place = readLetterPlace(query, request.pageToken);
  const matched = place === undefined ? await table.count(query, signal) : 0; // Counting costs as much as the page.
  const tally = new ReplayTally();
  const endMs = clock.nowMs() + REPLAY_MS_MAX;
  for await (const listed of openLetters(parts, query, place, size, request.dryRun, signal)) {
    if (!request.dryRun) tally.add(listed, await replayOne(parts, listed, signal));
    tally.tried++;
    place = listed;
    if (clock.nowMs() > endMs) break;
  }
  return { matched: BigInt(matched), ...tally.fields, nextPageToken: await nextPageToken(table, query, place, signal) };
}

/** The letters behind `after`, at most `limit`; with their originals unless it is a dry run. */
async function* openLetters(
  { table }: AdminParts,
  query: LetterQuery,
  after: LetterPlace | undefined,
  limit: number,
  dryRun: boolean,
  signal: AbortSignal,
): AsyncGenerator<ListedLetter> {
  const originalBytesMax = dryRun ? 0 : DEAD_LETTER_BYTES_MAX;
  let place = after;
  for (let left = limit; left > 0; ) {
    const page = { limit: Math.min(left, READ_AT_ONCE), after: place, originalBytesMax };
    const letters = await table.list(query, page, signal);
    if (letters.length === 0) return;
    yield* letters;
    place = letters.at(-1);
    left -= letters.length;
  }
}

async function replayOne(parts: AdminParts, listed: ListedLetter, signal: AbortSignal): Promise<ReplayOutcome> {
  signal.throwIfAborted();
  const replay = parts.replays.get(listed.letter.store);
  if (replay === undefined) return unknownStore(listed, parts.replays);
  const outcome = await replayOrAway(replay, listed, signal);
  if (outcome.is !== "refused") {
    // Where the store has moved the letter itself this finds it moved, and changes nothing.
    await parts.table.settle(listed.key, outcome.is === "expired" ? "expired" : "stored", signal);
  }
  return outcome;
}

/** A store that is away keeps its own letters open; those of the others are tried all the same. */
async function replayOrAway(
  replay: DeadLetterReplay,
  listed: ListedLetter,
  signal: AbortSignal,
): Promise<ReplayOutcome> {
  try {
    return await replay.replay(listed, signal);
  } catch (reason) {
    if (!isKind(reason, "store_unavailable")) throw reason;
    return { is: "refused", reason: "store_unavailable", detail: reason.message };
  }
}

function unknownStore({ letter }: ListedLetter, replays: ReadonlyMap<string, DeadLetterReplay>): ReplayOutcome {
  const known = [...replays.keys()].join(", ");
  const detail = `letters of "${letter.store}" cannot be replayed: there is no such store; there are ${known}`;
  return { is: "refused", reason: "unknown_store", detail };
}
