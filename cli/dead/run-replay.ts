import { type MessageInitShape, toJsonString } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import {
  type DeadLetterFilter,
  type ReplayDeadLettersRequestSchema,
  type ReplayDeadLettersResponse,
  ReplayDeadLettersResponseSchema,
  type ReplayRefusal,
} from "../../gen/logpulse/v1/admin_service_pb.ts";
import { REPLAY_REFUSALS_TOLD_MAX } from "../../services/domain/limits.ts";
import { withTries } from "../call-retries.ts";
import type { CommandContext } from "../command.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { askYesOrNo } from "../terminal/ask.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { amountText, fullCountText } from "../terminal/number-text.ts";
import { letterFilter } from "./letter-filter.ts";
import { letterCountText } from "./run-list.ts";

const COUNTS = ["tried", "stored", "alreadyStored", "expired", "refused"] as const;

/** What became of letters, over all pages. */
interface Totals extends Record<(typeof COUNTS)[number], bigint> {
  /** Calls that have failed. They may have stored some letters before, of which nobody was told. */
  failedCalls: number;
}

/** Runs `logpulse dead replay`. */
export async function runReplay(context: CommandContext): Promise<ExitCode> {
  const { options, connection, terminal, signal } = context;
  const filter = letterFilter(context);
  const count = () => connection.admin.replayDeadLetters({ filter, dryRun: true, pageSize: 1 }, { signal });
  const counted = await withTries(connection.retries, count, signal);
  const text = letterCountText(counted.matched);
  if (options["dry-run"]) {
    await terminal.print(
      terminal.isJson ? toJsonString(ReplayDeadLettersResponseSchema, counted) : `${text} would be tried`,
    );
    return EXIT.done;
  }
  if (counted.matched > 0n && !options.yes && !(await mayReplay(context, text))) {
    terminal.say("-- nothing was tried");
    return EXIT.done;
  }
  const totals = await replay(context, filter);
  if (!terminal.isJson) await terminal.print(totalsText(totals));
  return totals.refused > 0n ? EXIT.incomplete : EXIT.done;
}

async function mayReplay({ terminal, signal }: CommandContext, text: string): Promise<boolean> {
  if (terminal.isInputTty && terminal.err.isTty) return askYesOrNo(`Try to store ${text}?`, signal);
  throw new CommandFailure(
    EXIT.usage,
    `${text} would be tried, and nobody can be asked`,
    "--yes does it, --dry-run counts.",
  );
}

/** A page at a time; what is refused again is printed as it comes. */
async function replay(context: CommandContext, filter: DeadLetterFilter): Promise<Totals> {
  const { terminal } = context;
  const totals: Totals = { tried: 0n, stored: 0n, alreadyStored: 0n, expired: 0n, refused: 0n, failedCalls: 0 };
  let pageToken = "";
  try {
    do {
      const page = await replayPage(context, { filter, pageSize: REPLAY_REFUSALS_TOLD_MAX, pageToken }, totals);
      for (const name of COUNTS) totals[name] += page[name];
      for (const line of pageLines(page, terminal.isJson)) await terminal.print(line);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
  } catch (reason) {
    if (totals.tried > 0n) terminal.say(`-- until then: ${totalsText(totals)}`);
    throw reason;
  }
  return totals;
}

/**
 * No more letters at a time than refusals are told of. A call that fails is made again where that may help, for the letters
 * that are still open then.
 */
function replayPage(
  { connection, terminal, signal }: CommandContext,
  question: MessageInitShape<typeof ReplayDeadLettersRequestSchema>,
  totals: Totals,
): Promise<ReplayDeadLettersResponse> {
  const call = async () => {
    try {
      return await connection.admin.replayDeadLetters(question, { signal });
    } catch (reason) {
      totals.failedCalls += 1;
      const why = ConnectError.from(reason).rawMessage;
      if (!signal.aborted) terminal.say(`-- a call failed (${why}); what it may have stored is not counted`);
      throw reason;
    }
  };
  return withTries(connection.retries, call, signal);
}

function pageLines(page: ReplayDeadLettersResponse, isJson: boolean): string[] {
  return isJson ? [toJsonString(ReplayDeadLettersResponseSchema, page)] : page.refusals.map(refusalLine);
}

function refusalLine({ id, key, reason, detail }: ReplayRefusal): string {
  return `refused again: ${drawnText(id || key)}  ${drawnText(reason)}  ${drawnText(detail)}`;
}

function totalsText({ tried, stored, alreadyStored, expired, refused, failedCalls }: Totals): string {
  const parts = [
    `${fullCountText(tried)} tried`,
    `${fullCountText(stored)} stored`,
    `${fullCountText(alreadyStored)} stored before`,
    `${fullCountText(expired)} expired`,
    `${fullCountText(refused)} refused again`,
    ...(failedCalls > 0 ? [`not counted: what ${amountText(failedCalls, "failed call")} did`] : []),
  ];
  return parts.join(" · ");
}
