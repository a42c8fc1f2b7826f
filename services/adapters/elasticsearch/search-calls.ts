import type { Client } from "@elastic/elasticsearch";
import { fullJitterMs } from "../../domain/full-jitter.ts";
import {
  SEARCH_ANSWER_BYTES_MAX,
  STORE_ATTEMPTS_MAX,
  STORE_QUERY_LATE_MS_MAX,
  STORE_QUERY_MS_MAX,
} from "../../domain/limits.ts";
import { send } from "./connection.ts";
import { isAnswerTooLarge, isTooBusy, isTooCostly, toStoreError } from "./errors.ts";
import { indexPatterns } from "./index-template.ts";
import type { QuestionTime } from "./question-time.ts";
import { readSearchAnswer, type SearchAnswer } from "./search-answer.ts";
import type { ElasticsearchSettings } from "./settings.ts";

/** What stands in the path of each search. */
export const SEARCH_QUERY = {
  // No index yet is an empty answer.
  ignore_unavailable: true,
  allow_no_indices: true,
  // What was found in time. `readSearchAnswer` refuses what is a part for any other reason.
  allow_partial_search_results: true,
};

const MS_MAX = STORE_QUERY_MS_MAX + STORE_QUERY_LATE_MS_MAX;

/**
 * Searches all daily indices at once, for as long as the question has time.
 *
 * Asks again after a short wait where the store was away: for a tenth of a second after the first record of a day has
 * made its index, Elasticsearch refuses every search that names it.
 *
 * @throws what `send` throws, for `time.errorOf`; see also `isAnswerTooLarge`.
 */
export async function search(
  client: Client,
  { indexPrefix, clock, random }: ElasticsearchSettings,
  body: object,
  time: QuestionTime,
): Promise<SearchAnswer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await searchOnce(client, indexPrefix, body, time);
    } catch (reason) {
      // Asking a busy server again would only add to its load.
      const isFinal = isAnswerTooLarge(reason) || isTooBusy(reason) || isTooCostly(reason);
      if (isFinal || attempt === STORE_ATTEMPTS_MAX || time.msLeft === 0) throw reason;
      const error = toStoreError(reason, time.deadline);
      if (error.kind !== "store_unavailable") throw error;
    }
    await clock.sleep(fullJitterMs(attempt, random()), time.deadline);
  }
}

async function searchOnce(
  client: Client,
  indexPrefix: string,
  body: object,
  time: QuestionTime,
): Promise<SearchAnswer> {
  const request = {
    method: "POST",
    path: `/${indexPatterns(indexPrefix).join(",")}/_search`,
    query: SEARCH_QUERY,
    // Each shard looks at the clock as it goes.
    body: { ...body, timeout: `${Math.max(1, time.msLeft)}ms` },
    answerBytesMax: SEARCH_ANSWER_BYTES_MAX,
  } as const;
  return readSearchAnswer(await send(client, request, MS_MAX, time.deadline));
}
