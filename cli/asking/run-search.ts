import { toJsonString } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { GetHistogramResponseSchema, Order } from "../../gen/logpulse/v1/query_service_pb.ts";
import {
  CONTEXT_RECORDS_MAX,
  PRODUCER_AHEAD_MS_MAX,
  SEARCH_LIMIT_DEFAULT,
  SEARCH_LIMIT_MAX,
} from "../../services/domain/limits.ts";
import { msToNanos, nanosToMs, nanosToTimestamp, timestampToNanos } from "../../services/domain/record-time.ts";
import type { CommandContext, OptionValues } from "../command.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { textOption, wholeNumberOption, wrongValue } from "../option-values.ts";
import { amountText } from "../terminal/number-text.ts";
import { shownTime, zoneText } from "../time-text.ts";
import { exportAll } from "./export-all.ts";
import type { FoundRecords } from "./found-records.ts";
import { tellingQueryErrors } from "./query-failure.ts";
import { type AskedRecords, readConditions, requireTime, timeOption } from "./read-question.ts";
import { contextPrinter } from "./record-context.ts";
import { recordPrinter } from "./record-printer.ts";
import { searchPages } from "./search-pages.ts";

const FROM_USUAL = "-15m"; // To PRODUCER_AHEAD_MS_MAX from now: clocks of senders may be ahead by as much.

/** What `search` is asked for: its time has a beginning and an end, so that each page is of the same records. */
interface Search extends AskedRecords {
  startTime: Timestamp;
  endTime: Timestamp;
}

/** Runs `logpulse search`. */
export async function runSearch(context: CommandContext): Promise<ExitCode> {
  const { options, words, connection, nowMs } = context;
  const search: Search = {
    ...readConditions(words, options),
    startTime: timeOption(context, "from") ?? requireTime(context, "from", FROM_USUAL),
    endTime: timeOption(context, "to") ?? nanosToTimestamp(msToNanos(nowMs() + PRODUCER_AHEAD_MS_MAX)),
    order: options["oldest-first"] ? Order.OLDEST_FIRST : Order.NEWEST_FIRST,
  };
  requireOrder(search, options);
  const run = options.count ? count : find;
  const found = await tellingQueryErrors(connection, search.query, () => run(context, search));
  if (found.missing !== undefined) return EXIT.incomplete;
  return options["exit-status"] && found.records === 0 ? EXIT.failed : EXIT.done;
}

function requireOrder({ startTime, endTime }: Search, { to }: OptionValues): void {
  if (timestampToNanos(startTime) < timestampToNanos(endTime)) return;
  if (to === undefined) throw new CommandFailure(EXIT.usage, "--from lies in the future; --to says until when");
  throw new CommandFailure(EXIT.usage, "--to is not later than --from, so nothing can lie between them");
}

async function count(context: CommandContext, { order: _, ...conditions }: Search): Promise<FoundRecords> {
  const { options, connection, terminal, signal } = context;
  for (const other of ["limit", "context", "oldest-first", "id"]) {
    if (options[other]) throw new CommandFailure(EXIT.usage, `--count and --${other} do not go together`);
  }
  const answer = await connection.query.getHistogram({ ...conditions, bucketsMax: 1 }, { signal });
  await terminal.print(terminal.isJson ? toJsonString(GetHistogramResponseSchema, answer) : String(answer.total));
  return { records: answer.total, isMore: false, missing: undefined };
}

async function find(context: CommandContext, search: Search): Promise<FoundRecords> {
  const { options, connection, terminal, signal } = context;
  const size = wholeNumberOption(options, "context", 0, CONTEXT_RECORDS_MAX);
  const take = size === undefined ? recordPrinter(context) : contextPrinter(context, size);
  const limit = readLimit(context);
  const found =
    limit === "all"
      ? await exportAll(connection, search, take, signal, (text) => terminal.say(text))
      : await searchPages(connection, search, limit, take, signal);
  tell(context, search, found);
  return found;
}

function readLimit({ options }: CommandContext): number | "all" {
  const text = textOption(options, "limit") ?? String(SEARCH_LIMIT_DEFAULT);
  if (text === "all") return "all";
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (limit >= 1 && limit <= SEARCH_LIMIT_MAX) return limit;
  throw wrongValue("limit", text, `a whole number from 1 to ${SEARCH_LIMIT_MAX}, or all`);
}

/** What people want to know beside the records. Of a list that stops short also programs' logs should tell. */
function tell(context: CommandContext, { startTime, endTime, order }: Search, found: FoundRecords): void {
  const { terminal, options, nowMs } = context;
  const { records, isMore, missing } = found;
  const fromMs = nanosToMs(timestampToNanos(startTime));
  const shown = (ms: number) => shownTime(ms, nowMs(), terminal.zone);
  if (missing !== undefined) {
    terminal.say(`-- ${amountText(records, "record")}, not all: ${missing}. Ask for less time, or give it longer.`);
  } else if (isMore) {
    const first = order === Order.OLDEST_FIRST ? "oldest" : "newest";
    terminal.say(`-- the ${first} ${amountText(records, "record")}; there are more: --limit N, --limit all`);
  } else if (terminal.err.isTty) {
    const zone = zoneText(fromMs, terminal.zone);
    const range = `from ${shown(fromMs)} to ${shown(nanosToMs(timestampToNanos(endTime)))} (${zone})`;
    const advice = records === 0 && options.from === undefined ? "; --from -24h looks further back" : "";
    terminal.say(`-- ${records === 0 ? "nothing" : amountText(records, "record")} ${range}${advice}`);
  }
}
