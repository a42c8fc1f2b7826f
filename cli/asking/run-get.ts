import { toJsonString } from "@bufbuild/protobuf";
import { StoredLogSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import type { CommandContext } from "../command.ts";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { fieldLines } from "../terminal/field-lines.ts";
import { recordFields } from "./record-fields.ts";

/** Runs `logpulse get`. */
export async function runGet({ words, connection, terminal, signal }: CommandContext): Promise<ExitCode> {
  const { log } = await connection.query.getLog({ id: words[0] }, { signal });
  const lines = terminal.isJson
    ? [toJsonString(StoredLogSchema, log!)]
    : fieldLines(recordFields(log!, terminal), terminal.isPlain);
  for (const line of lines) await terminal.print(line);
  return EXIT.done;
}
