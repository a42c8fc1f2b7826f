import type { HttpBodySchema } from "../../gen/google/api/httpbody_pb.ts";
import type {
  ExportLogsCsvRequest,
  ExportLogsRequest,
  ExportLogsResponseSchema,
  StoredLog,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { EXPORT_CHUNK_BYTES, EXPORTS_AT_ONCE_MAX, EXPORTS_PER_CLIENT_MAX } from "../domain/limits.ts";
import type { CallContext, Send } from "../ports/service-handlers.ts";
import { csvEnd, csvHeader, csvLine } from "./csv.ts";
import { type ExportParts, exportRecords } from "./export-records.ts";

const RETRY_MS = 5_000;
const CSV = "text/csv; charset=utf-8";

/** Exports under way, few at a time: each searches for as long as its client reads. */
export class Exports {
  private readonly parts: ExportParts;
  /** The client of each. */
  private readonly clients: string[] = [];

  constructor(parts: ExportParts) {
    this.parts = parts;
  }

  /** A message for each record, and one for the end. @throws LogPulseError `overloaded`; else as `exportRecords`. */
  asRecords(
    request: ExportLogsRequest,
    send: Send<typeof ExportLogsResponseSchema>,
    context: CallContext,
  ): Promise<void> {
    return this.counted(context.client, async () => {
      const take = (value: StoredLog) => send({ event: { case: "log", value } });
      const value = await exportRecords(this.parts, request, context, take);
      await send({ event: { case: "end", value } });
    });
  }

  /** Lines, gathered to pieces of about EXPORT_CHUNK_BYTES. @throws as `asRecords`. */
  asCsv(request: ExportLogsCsvRequest, send: Send<typeof HttpBodySchema>, context: CallContext): Promise<void> {
    return this.counted(context.client, async () => {
      let gathered = csvHeader();
      const flush = async () => {
        const data = new TextEncoder().encode(gathered);
        gathered = "";
        await send({ contentType: CSV, data });
      };
      const take = async (log: StoredLog) => {
        gathered += csvLine(log);
        if (gathered.length >= EXPORT_CHUNK_BYTES) await flush();
      };
      const end = await exportRecords(this.parts, request, context, take);
      gathered += csvEnd(end);
      await flush();
    });
  }

  private async counted(client: string, work: () => Promise<void>): Promise<void> {
    const { clients } = this;
    const own = clients.filter((other) => other === client).length;
    if (clients.length >= EXPORTS_AT_ONCE_MAX) {
      throw tooMany(`${clients.length} exports are under way; the limit is ${EXPORTS_AT_ONCE_MAX}`);
    }
    if (own >= EXPORTS_PER_CLIENT_MAX) {
      throw tooMany(
        `${own} exports of ${client} are under way; the limit is ${EXPORTS_PER_CLIENT_MAX} for each client`,
      );
    }
    clients.push(client);
    try {
      await work();
    } finally {
      clients.splice(clients.indexOf(client), 1);
    }
  }
}

function tooMany(message: string): LogPulseError {
  return new LogPulseError("overloaded", message, { retryAfterMs: RETRY_MS });
}
