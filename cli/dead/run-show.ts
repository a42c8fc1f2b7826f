import { create, toJsonString } from "@bufbuild/protobuf";
import { type ListedDeadLetter, ListedDeadLetterSchema } from "../../gen/logpulse/v1/admin_service_pb.ts";
import { StoredLogSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { DEAD_LETTER_ORIGINAL_BYTES_MAX } from "../../services/domain/limits.ts";
import { recordFields, timeText } from "../asking/record-fields.ts";
import type { CommandContext } from "../command.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { type Field, fieldLines } from "../terminal/field-lines.ts";
import { bytesText } from "../terminal/number-text.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { letterFilter, stateText } from "./letter-filter.ts";

/** Runs `logpulse dead show`. */
export async function runShow(context: CommandContext): Promise<ExitCode> {
  const { words, connection, terminal, signal } = context;
  const filter = letterFilter({ ...context, options: { state: "any" } });
  let shown = 0;
  let pageToken = "";
  do {
    const question = { filter, originalBytesMax: DEAD_LETTER_ORIGINAL_BYTES_MAX, pageToken };
    const page = await connection.admin.listDeadLetters(question, { signal });
    for (const letter of page.letters) {
      if (terminal.isJson) await terminal.print(toJsonString(ListedDeadLetterSchema, letter));
      else await printLetter(letter, terminal, shown > 0);
      shown += 1;
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  if (shown > 0) return EXIT.done;
  throw new CommandFailure(
    EXIT.failed,
    `there is no dead letter of ${words[0]}`,
    "`logpulse dead list` shows those there are.",
  );
}

async function printLetter(letter: ListedDeadLetter, terminal: Terminal, isBelowAnother: boolean): Promise<void> {
  if (isBelowAnother) await terminal.print("");
  for (const line of fieldLines(letterFields(letter, terminal), terminal.isPlain)) await terminal.print(line);
}

/** The letter, then the record in it. */
function letterFields(listed: ListedDeadLetter, terminal: Terminal): Field[] {
  const { store, reason, detail, id, receivedTime, partition, offset } = listed.letter!; // The server always sends it.
  const record = listed.record && create(StoredLogSchema, { id, record: listed.record, receivedTime });
  return [
    ["key", listed.key],
    ["state", stateText(listed.state)],
    ["listed", timeText(listed.listedTime, terminal)],
    ["changed", timeText(listed.changedTime, terminal)],
    ["store", store],
    ["reason", reason],
    ["detail", detail],
    ["place in the log", `partition ${partition}, offset ${offset}`],
    ["original", `${bytesText(Number(listed.originalBytes))}${record ? "" : ", not a record; --json has the bytes"}`],
    ...(record ? recordFields(record, terminal) : [["id", id] as const]),
  ];
}
