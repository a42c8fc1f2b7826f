import { toJsonString } from "@bufbuild/protobuf";
import {
  type DeadLetterFilter,
  type ReplayDeadLettersResponse,
  ReplayDeadLettersResponseSchema,
  type ReplayRefusal,
} from "../../gen/logpulse/v1/admin_service_pb.ts";
import { DEAD_LETTERS_REPLAYED_PER_CALL } from "../../services/domain/limits.ts";
import type { CommandContext } from "../command.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { askYesOrNo } from "../terminal/ask.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { fullCountText } from "../terminal/number-text.ts";
import { letterFilter } from "./letter-filter.ts";
import { letterCountText } from "./run-list.ts";

const COUNTS = ["tried", "stored", "alreadyStored", "expired", "refused"] as const;

/** What became of letters, over all pages. */
type Totals = Record<(typeof COUNTS)[number], bigint>;

/** Runs `logpulse dead replay`. */
export async function runReplay(context: CommandContext): Promise<ExitCode> {
  const { options, connection, terminal, signal } = context;
  const filter = letterFilter(context);
  const counted = await connection.admin.replayDeadLetters({ filter, dryRun: true, pageSize: 1 }, { signal });
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
async function replay({ connection, terminal, signal }: CommandContext, filter: DeadLetterFilter): Promise<Totals> {
  const totals: Totals = { tried: 0n, stored: 0n, alreadyStored: 0n, expired: 0n, refused: 0n };
  let pageToken = "";
  try {
    do {
      const question = { filter, pageSize: DEAD_LETTERS_REPLAYED_PER_CALL, pageToken };
      const page = await connection.admin.replayDeadLetters(question, { signal });
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

function pageLines(page: ReplayDeadLettersResponse, isJson: boolean): string[] {
  return isJson ? [toJsonString(ReplayDeadLettersResponseSchema, page)] : page.refusals.map(refusalLine);
}

function refusalLine({ id, key, reason, detail }: ReplayRefusal): string {
  return `refused again: ${drawnText(id || key)}  ${drawnText(reason)}  ${drawnText(detail)}`;
}

function totalsText({ tried, stored, alreadyStored, expired, refused }: Totals): string {
  const parts = [
    `${fullCountText(tried)} tried`,
    `${fullCountText(stored)} stored`,
    `${fullCountText(alreadyStored)} stored before`,
    `${fullCountText(expired)} expired`,
    `${fullCountText(refused)} refused again`,
  ];
  return parts.join(" · ");
}
