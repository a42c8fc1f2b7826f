import { TAIL_FOR_MS_MAX, TAIL_FOR_MS_MIN, TAIL_HISTORY_SECONDS_MAX } from "../../services/domain/limits.ts";
import { nanosToTimestamp, timestampToNanos } from "../../services/domain/record-time.ts";
import { tellingQueryErrors } from "../asking/query-failure.ts";
import { readConditions, timeOption } from "../asking/read-question.ts";
import type { CommandContext } from "../command.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { durationOption, textOption, wrongValue } from "../option-values.ts";
import { readerGone } from "../terminal/reader-gone.ts";
import { OutputClosed } from "../terminal/terminal.ts";
import { zoneText } from "../time-text.ts";
import { CursorFile } from "./cursor-file.ts";
import { type LogPlace, LogTail } from "./log-tail.ts";
import { tailPrinter } from "./tail-printer.ts";

/** Runs `logpulse tail`. */
export async function runTail(context: CommandContext): Promise<ExitCode> {
  const { options, words, connection, terminal } = context;
  const conditions = readConditions(words, options);
  const path = textOption(options, "cursor-file");
  const cursorFile = path === undefined ? undefined : new CursorFile(path);
  const from: LogPlace = cursorFile?.read() ?? readSince(context);
  const over = new AbortController();
  const gone = readerGone(over.signal);
  const signal = AbortSignal.any([context.signal, gone, ...timeUp(context)]);
  const printer = tailPrinter(context);
  const logTail = new LogTail(connection, conditions, {
    take: async (logs, cursor) => {
      await printer.records(logs, cursor);
      if (!cursorFile) return;
      await terminal.flush(); // What the file says was shown must have left this process.
      cursorFile.write(cursor);
    },
    lose: (gap) => printer.message(gap),
    say: (text) => terminal.say(`-- ${text}`),
  });
  if (terminal.err.isTty) terminal.say(`-- following ${connection.address}, times in ${zone(context)}; Ctrl-C ends it`);
  try {
    await tellingQueryErrors(connection, conditions.query, () => logTail.follow(from, signal));
  } catch (reason) {
    throw cursorFile?.failureOf(reason) ?? reason;
  } finally {
    over.abort();
  }
  if (gone.aborted) throw new OutputClosed();
  return logTail.hasLost ? EXIT.incomplete : EXIT.done;
}

function zone({ nowMs, terminal }: CommandContext): string {
  return zoneText(nowMs(), terminal.zone);
}

function timeUp({ options }: CommandContext): AbortSignal[] {
  const ms = durationOption(options, "for", TAIL_FOR_MS_MIN, TAIL_FOR_MS_MAX);
  return ms === undefined ? [] : [AbortSignal.timeout(ms)];
}

/** A tail's history goes by when records were received, told as a length of time. */
function readSince(context: CommandContext): LogPlace {
  const since = timeOption(context, "since");
  if (since === undefined) return {};
  const nanos = BigInt(context.nowMs()) * 1_000_000n - timestampToNanos(since);
  if (nanos < 0n || nanos > BigInt(TAIL_HISTORY_SECONDS_MAX) * 1_000_000_000n) {
    const days = TAIL_HISTORY_SECONDS_MAX / 86_400;
    throw wrongValue("since", textOption(context.options, "since")!, `a time of the last ${days} days`);
  }
  const { seconds, nanos: rest } = nanosToTimestamp(nanos);
  return { history: { seconds, nanos: rest } };
}
