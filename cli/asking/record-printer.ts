import { toJsonString } from "@bufbuild/protobuf";
import { type StoredLog, StoredLogSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import type { CommandContext } from "../command.ts";
import { recordLine } from "../record-line.ts";
import type { TakeRecord } from "./found-records.ts";

/** Prints a record on one line: as people read it, or with --json as the contract's own JSON. */
export function recordPrinter({ terminal, options, nowMs }: CommandContext): TakeRecord {
  const withId = options.id === true;
  return (log: StoredLog) => {
    const line = terminal.isJson
      ? toJsonString(StoredLogSchema, log)
      : recordLine(log, { terminal, nowMs: nowMs(), withId });
    return terminal.print(line);
  };
}
