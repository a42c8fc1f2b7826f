import { create, toJsonString } from "@bufbuild/protobuf";
import { type StoredLog, TailLogsResponseSchema, TailRecordsSchema } from "../../gen/logpulse/v1/query_service_pb.ts";
import { recordPrinter } from "../asking/record-printer.ts";
import type { CommandContext } from "../command.ts";

/**
 * Prints records of a tail, one a line; with --json each as a message of the contract, the last one with the cursor
 * behind it.
 */
export function tailPrinter(context: CommandContext): (logs: readonly StoredLog[], cursor: string) => Promise<void> {
  const { terminal } = context;
  const printRecord = recordPrinter(context);
  return async (logs, cursor) => {
    for (const log of logs) {
      if (!terminal.isJson) await printRecord(log);
      else await terminal.print(messageJson(log, log === logs.at(-1) ? cursor : ""));
    }
  };
}

function messageJson(log: StoredLog, cursor: string): string {
  const records = create(TailRecordsSchema, { logs: [log] });
  const message = create(TailLogsResponseSchema, { event: { case: "records", value: records }, cursor });
  return toJsonString(TailLogsResponseSchema, message);
}
