import {
  AdminService,
  type ListDeadLettersRequest,
  ListedDeadLetterSchema,
} from "../../gen/logpulse/v1/admin_service_pb.ts";
import { DEAD_LETTERS_PAGE_SIZE_DEFAULT, DEAD_LETTERS_PAGE_SIZE_MAX } from "../domain/limits.ts";
import { readPageSize } from "../domain/request-fields.ts";
import { withinAnswer } from "../domain/within-answer.ts";
import { type CallContext, defineService, unary } from "../ports/service-handlers.ts";
import type { AdminParts } from "./admin-parts.ts";
import { readLetterPlace, readLetterQuery, readOriginalBytesMax } from "./letter-conditions.ts";
import { listedDeadLetter } from "./listed-dead-letter.ts";
import { nextPageToken } from "./next-page-token.ts";
import { replayDeadLetters } from "./replay-letters.ts";

/** The handlers of AdminService. */
export function adminService(parts: AdminParts) {
  return defineService(AdminService, {
    listDeadLetters: unary((request, context) => listDeadLetters(parts, request, context)),
    replayDeadLetters: unary((request, context) => replayDeadLetters(parts, request, context)),
  });
}

async function listDeadLetters({ table }: AdminParts, request: ListDeadLettersRequest, context: CallContext) {
  const { tenant, signal } = context;
  const query = readLetterQuery(tenant, request.filter);
  const limit = readPageSize(request.pageSize, DEAD_LETTERS_PAGE_SIZE_DEFAULT, DEAD_LETTERS_PAGE_SIZE_MAX);
  const originalBytesMax = readOriginalBytesMax(request.originalBytesMax);
  const after = readLetterPlace(query, request.pageToken);
  const found = await table.list(query, { limit, after, originalBytesMax }, signal);
  const letters = withinAnswer(found.map(listedDeadLetter), ListedDeadLetterSchema);
  const total = BigInt(after === undefined ? await table.count(query, signal) : 0); // Counting costs as much as a page.
  return { letters, nextPageToken: await nextPageToken(table, query, found[letters.length - 1], signal), total };
}
