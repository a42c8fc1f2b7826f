import { create, toJsonString } from "@bufbuild/protobuf";
import {
  type StoredLog,
  type TailLogsResponse,
  TailLogsResponseSchema,
  TailRecordsSchema,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { recordPrinter } from "../asking/record-printer.ts";
import type { CommandContext } from "../command.ts";

/** Prints a tail to standard output. */
export interface TailPrinter {
  /** Records, one a line; with --json each as a message of the contract, the last one with the cursor behind it. */
  records(logs: readonly StoredLog[], cursor: string): Promise<void>;
  /** A message of the contract where others than records stand between them: with --json alone. */
  message(message: TailLogsResponse): Promise<void>;
}

/** The printer that the command line asks for. */
export function tailPrinter(context: CommandContext): TailPrinter {
  const { terminal } = context;
  const printRecord = recordPrinter(context);
  const message = async (one: TailLogsResponse) => {
    if (terminal.isJson) await terminal.print(toJsonString(TailLogsResponseSchema, one));
  };
  return {
    message,
    async records(logs, cursor) {
      for (const log of logs) {
        if (terminal.isJson) await message(messageOf(log, log === logs.at(-1) ? cursor : ""));
        else await printRecord(log);
      }
    },
  };
}

function messageOf(log: StoredLog, cursor: string): TailLogsResponse {
  const records = create(TailRecordsSchema, { logs: [log] });
  return create(TailLogsResponseSchema, { event: { case: "records", value: records }, cursor });
}
