import { toJsonString } from "@bufbuild/protobuf";
import { GetContextResponseSchema, type StoredLog } from "../../gen/logpulse/v1/query_service_pb.ts";
import type { CommandContext } from "../command.ts";
import { recordLine } from "../record-line.ts";
import type { TakeRecord } from "./found-records.ts";

/** Prints each record between those before and behind it, marked with ">"; the blocks are apart by "--". */
export function contextPrinter(context: CommandContext, size: number): TakeRecord {
  const { terminal, connection, options, signal, nowMs } = context;
  const line = (log: StoredLog, mark: string) =>
    mark + recordLine(log, { terminal, nowMs: nowMs(), withId: options.id === true });
  let isFirst = true;
  return async ({ id }) => {
    const answer = await connection.query.getContext({ id, before: size, after: size }, { signal });
    if (terminal.isJson) return terminal.print(toJsonString(GetContextResponseSchema, answer));
    if (!isFirst) await terminal.print("--");
    isFirst = false;
    for (const log of answer.before) await terminal.print(line(log, "  "));
    await terminal.print(line(answer.log!, "> "));
    for (const log of answer.after) await terminal.print(line(log, "  "));
  };
}
