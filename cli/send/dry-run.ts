import { create, toJson } from "@bufbuild/protobuf";
import { type LogRecord, LogRecordSchema } from "../../gen/logpulse/v1/log_record_pb.ts";
import { StoredLogSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { RECORD_BYTES_MAX, SEND_DRY_RUN_LINES_MAX } from "../../services/domain/limits.ts";
import type { LineProblem } from "../../services/domain/lines/line-format.ts";
import { lineFormat } from "../../services/domain/lines/line-formats.ts";
import { recordFields } from "../asking/record-fields.ts";
import type { CommandContext } from "../command.ts";
import type { ExitCode } from "../exit-code.ts";
import { EXIT } from "../exit-code.ts";
import { drawnText } from "../terminal/drawn-text.ts";
import { fieldLines } from "../terminal/field-lines.ts";
import { fullCountText } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type ByteSource, openFileSource, streamSource } from "./byte-source.ts";
import { SourceCutOff } from "./gunzip-chunks.ts";
import { lineContext } from "./line-context.ts";
import { type LinePlace, LineRecords } from "./line-records.ts";
import { LineSplitter } from "./line-splitter.ts";
import { type SendOptions, STANDARD_INPUT } from "./send-options.ts";
import { SendTotals } from "./send-totals.ts";
import { linesText, problemsText, problemText } from "./totals-text.ts";

/** What would become of some lines. */
interface Outcome {
  place: LinePlace;
  /** Undefined where they would be rejected. */
  record?: LogRecord;
  /** Why, or why the record is only their text. */
  problem?: LineProblem;
}

/** What was seen of a source. */
interface Look {
  /** The first ones. */
  outcomes: Outcome[];
  totals: SendTotals;
  format: string | undefined;
  /** Why it was chosen; undefined where it was given. */
  detected: string | undefined;
  /** What comes behind the lines that were looked at; undefined where that is nothing. */
  rest: string | undefined;
  /** It cannot be read to its end. */
  isCutOff: boolean;
}

const BEGINNING = { offset: 0, lines: 0, memory: [] };

/** Shows what would be sent of the first lines of each source, and sends nothing. */
export async function dryRun(options: SendOptions, context: CommandContext): Promise<ExitCode> {
  let isIncomplete = false;
  for (const name of options.sources) {
    const isInput = name === STANDARD_INPUT;
    const source = isInput ? streamSource("standard input", process.stdin) : await openFileSource(name);
    try {
      const look = await lookAt(source, options, context);
      isIncomplete ||= look.totals.rejected.lines > 0 || look.isCutOff;
      await (context.terminal.isJson ? printJson : printText)(source.name, look, context.terminal);
    } finally {
      await source.close();
    }
    if (context.signal.aborted) return EXIT.interrupted;
  }
  return isIncomplete ? EXIT.incomplete : EXIT.done;
}

async function lookAt(source: ByteSource, options: SendOptions, context: CommandContext): Promise<Look> {
  const look: Look = {
    outcomes: [],
    totals: new SendTotals(),
    format: options.format,
    detected: undefined,
    rest: undefined,
    isCutOff: false,
  };
  const { totals } = look;
  const note = (outcome: Outcome) => {
    if (look.outcomes.length < options.dryRunRecords!) look.outcomes.push(outcome);
  };
  const lines = new LineRecords(
    {
      format: options.format && lineFormat(options.format),
      strict: options.strict,
      context: lineContext(options.service, context),
      start: BEGINNING,
    },
    {
      onRecord: (record, place, problem) => {
        totals.keep(source.name, place, problem);
        note({ place, record, problem });
      },
      onReject: (problem, place) => {
        totals.reject(source.name, place, problem);
        note({ place, problem });
      },
      onEmpty: ({ lines }) => {
        totals.emptyLines += lines;
      },
      onDetected: ({ format, reason }) => {
        look.format = format.name;
        look.detected = `read as ${format.name} (${format.title}): ${reason}`;
      },
    },
  );
  const splitter = new LineSplitter(RECORD_BYTES_MAX, (bytes, length, end) => {
    if (totals.lines === SEND_DRY_RUN_LINES_MAX) look.rest = "what follows was not looked at";
    else {
      totals.lines += 1;
      lines.add(bytes, length, end);
    }
  });
  const problem = await readInto(splitter, source, context.signal, () => look.rest !== undefined);
  look.isCutOff = problem !== undefined;
  look.rest = problem ?? look.rest;
  lines.end();
  return look;
}

/** Resolves to why it ended before its time, if it did. */
async function readInto(
  splitter: LineSplitter,
  source: ByteSource,
  signal: AbortSignal,
  isEnough: () => boolean,
): Promise<string | undefined> {
  const aborted = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
  const chunks = source.chunks();
  try {
    while (!isEnough() && !signal.aborted) {
      const next = await Promise.race([chunks.next(), aborted]);
      if (next === undefined) break;
      if (next.done) {
        splitter.finish();
        break;
      }
      splitter.feed(next.value);
    }
    return undefined;
  } catch (reason) {
    if (!(reason instanceof SourceCutOff)) throw reason;
    splitter.finish();
    return reason.message;
  }
}

async function printText(name: string, look: Look, terminal: Terminal): Promise<void> {
  if (look.detected) terminal.say(`-- ${drawnText(`${name}: ${look.detected}`)}`);
  for (const { place, record, problem } of look.outcomes) {
    await terminal.print(drawnText(`${placeText(place)}${problem ? whyText(record, problem) : ""}`));
    if (!record) continue;
    const fields = fieldLines(recordFields(create(StoredLogSchema, { record }), terminal), terminal.isPlain);
    for (const line of fields) await terminal.print(`  ${line}`);
  }
  for (const line of summary(name, look)) terminal.say(`-- ${line}`);
}

function placeText({ line, lines }: LinePlace): string {
  const first = fullCountText(line);
  return lines === 1 ? `line ${first}` : `lines ${first} to ${fullCountText(line + lines - 1)}`;
}

function whyText(record: LogRecord | undefined, problem: LineProblem): string {
  return `: ${record ? "kept as text" : "rejected"}: ${problemText(problem)}`;
}

function summary(name: string, { totals, rest, format }: Look): string[] {
  const facts = { sources: 1 };
  const { keptAsText, rejected } = totals;
  const records = `${fullCountText(totals.keptRecords)} ${totals.keptRecords === 1 ? "record" : "records"}`;
  const empty = totals.emptyLines ? `, ${linesText(totals.emptyLines)} empty` : "";
  return [
    `${drawnText(name)}: ${linesText(totals.lines)} looked at: ${records}${format ? ` by ${format}` : ""}${empty}`,
    ...(keptAsText.lines ? [`kept as text ${problemsText(keptAsText, facts)}`] : []),
    ...(rejected.lines ? [`rejected ${problemsText(rejected, facts)}`] : []),
    ...(rest ? [drawnText(rest)] : []),
    "nothing was sent",
  ];
}

async function printJson(file: string, look: Look, terminal: Terminal): Promise<void> {
  for (const { place, record, problem } of look.outcomes) {
    const kind = record ? "keptAsText" : "rejected";
    const shown = record && toJson(LogRecordSchema, record);
    await terminal.print(JSON.stringify({ file, ...place, record: shown, [kind]: problem }));
  }
  const { lines, keptLines, keptRecords, emptyLines, keptAsText, rejected } = look.totals;
  const totals = {
    read: lines,
    kept: keptLines,
    records: keptRecords,
    rejected: rejected.lines,
    keptAsText: keptAsText.lines,
    empty: emptyLines,
    format: look.format ?? null,
    rejects: rejected.told,
    asText: keptAsText.told,
  };
  await terminal.print(JSON.stringify({ file, totals, rest: look.rest }));
}
