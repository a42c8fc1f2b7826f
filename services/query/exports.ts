import type { HttpBodySchema } from "../../gen/google/api/httpbody_pb.ts";
import type {
  ExportLogsCsvRequest,
  ExportLogsRequest,
  ExportLogsResponseSchema,
  StoredLog,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { EXPORT_CHUNK_BYTES, EXPORTS_AT_ONCE_MAX } from "../domain/limits.ts";
import type { CallContext, Send } from "../ports/service-handlers.ts";
import { csvEnd, csvHeader, csvLine } from "./csv.ts";
import { type ExportParts, exportRecords } from "./export-records.ts";

const RETRY_MS = 5_000;
const CSV = "text/csv; charset=utf-8";

/** Exports under way, few at a time: each searches for as long as its client reads. */
export class Exports {
  private readonly parts: ExportParts;
  private underWay = 0;

  constructor(parts: ExportParts) {
    this.parts = parts;
  }

  /** A message for each record, and one for the end. @throws LogPulseError `overloaded`; else as `exportRecords`. */
  asRecords(
    request: ExportLogsRequest,
    send: Send<typeof ExportLogsResponseSchema>,
    context: CallContext,
  ): Promise<void> {
    return this.counted(async () => {
      const end = await exportRecords(this.parts, request, context, async (logs) => {
        for (const value of logs) await send({ event: { case: "log", value } });
      });
      await send({ event: { case: "end", value: end } });
    });
  }

  /** Lines, gathered to pieces of about EXPORT_CHUNK_BYTES. @throws as `asRecords`. */
  asCsv(request: ExportLogsCsvRequest, send: Send<typeof HttpBodySchema>, context: CallContext): Promise<void> {
    return this.counted(async () => {
      let gathered = csvHeader();
      const flush = async () => {
        const data = new TextEncoder().encode(gathered);
        gathered = "";
        await send({ contentType: CSV, data });
      };
      const take = async (logs: StoredLog[]) => {
        for (const log of logs) {
          gathered += csvLine(log);
          if (gathered.length >= EXPORT_CHUNK_BYTES) await flush();
        }
      };
      const end = await exportRecords(this.parts, request, context, take);
      gathered += csvEnd(end);
      await flush();
    });
  }

  private async counted(work: () => Promise<void>): Promise<void> {
    if (this.underWay >= EXPORTS_AT_ONCE_MAX) {
      const message = `${this.underWay} exports are under way; the limit is ${EXPORTS_AT_ONCE_MAX}`;
      throw new LogPulseError("overloaded", message, { retryAfterMs: RETRY_MS });
    }
    this.underWay++;
    try {
      await work();
    } finally {
      this.underWay--;
    }
  }
}
