import { toJsonString } from "@bufbuild/protobuf";
import {
  type ListDeadLettersResponse,
  type ListedDeadLetter,
  ListedDeadLetterSchema,
} from "../../gen/logpulse/v1/admin_service_pb.ts";
import {
  DEAD_LETTERS_COUNTED_MAX,
  DEAD_LETTERS_PAGE_SIZE_DEFAULT,
  DEAD_LETTERS_PAGE_SIZE_MAX,
} from "../../services/domain/limits.ts";
import { nanosToMs, nanosToText, timestampToNanos } from "../../services/domain/record-time.ts";
import type { CommandContext } from "../command.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { wholeNumberOption } from "../option-values.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { amountText } from "../terminal/number-text.ts";
import { type TableColumn, tableLines } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { shownDayAndTime } from "../time-text.ts";
import { letterFilter, stateText } from "./letter-filter.ts";

const LISTED_MAX = DEAD_LETTERS_COUNTED_MAX;
const COLUMNS: readonly TableColumn[] = ["listed", "state", "store", "reason", "record", "what the store said"].map(
  (title) => ({ title, align: "left" }),
);

/** Runs `logpulse dead list`. */
export async function runList(context: CommandContext): Promise<ExitCode> {
  const { terminal } = context;
  const limit = wholeNumberOption(context.options, "limit", 1, LISTED_MAX) ?? DEAD_LETTERS_PAGE_SIZE_DEFAULT;
  const rows: string[][] = []; // Of people's table, whose columns are as wide as their widest text.
  let [listed, total] = [0, 0n];
  for await (const page of letterPages(context, limit)) {
    total ||= page.total;
    listed += page.letters.length;
    for (const letter of page.letters) {
      if (terminal.isJson) await terminal.print(toJsonString(ListedDeadLetterSchema, letter));
      else if (terminal.isPlain) await terminal.print(letterRow(letter, terminal).join("\t"));
      else rows.push(letterRow(letter, terminal));
    }
  }
  if (rows.length > 0) for (const line of tableLines(COLUMNS, rows, false)) await terminal.print(line);
  if (listed < total) terminal.say(`-- ${listed} of ${letterCountText(total)}; --limit N shows more`);
  else if (terminal.err.isTty) terminal.say(`-- ${letterCountText(total)}`);
  return EXIT.done;
}

/** "12,408 letters"; beyond what is counted "≥ 100,000 letters". */
export function letterCountText(count: bigint): string {
  const bound = count >= BigInt(DEAD_LETTERS_COUNTED_MAX) ? "≥ " : "";
  return bound + amountText(count, "letter");
}

async function* letterPages(context: CommandContext, limit: number): AsyncGenerator<ListDeadLettersResponse> {
  const { connection, signal } = context;
  const filter = letterFilter(context);
  let left = limit;
  let pageToken = "";
  do {
    const pageSize = Math.min(DEAD_LETTERS_PAGE_SIZE_MAX, left);
    const page = await connection.admin.listDeadLetters({ filter, pageSize, pageToken }, { signal });
    yield page;
    left -= page.letters.length;
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && left > 0);
}

function letterRow({ key, state, listedTime, letter }: ListedDeadLetter, { zone, isPlain }: Terminal): string[] {
  const nanos = timestampToNanos(listedTime!); // The server always sends both.
  const { store, reason, id, detail } = letter!;
  return [
    isPlain ? nanosToText(nanos) : shownDayAndTime(nanosToMs(nanos), zone).slice(0, "2026-03-01 10:42:07".length),
    stateText(state),
    drawnText(store),
    drawnText(reason),
    drawnText(id || key),
    drawnText(detail),
  ];
}
