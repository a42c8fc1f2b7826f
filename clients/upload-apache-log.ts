/**
 * Uploads an Apache access log by gRPC client streaming:
 *
 *     node clients/upload-apache-log.ts FILE [--addr 127.0.0.1:8080] [--service apache] [--batch 100] [--producer HEX]
 *
 * Sending the same file again with the same --producer (32 hexadecimal digits, printed at the end) adds nothing.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { LogRecord } from "../gen/logpulse/v1/log_record_pb.ts";
import { isUuidV7, makeUuidV7 } from "../services/domain/identity.ts";
import { combinedLine } from "../services/domain/lines/combined-line.ts";
import { isRecord, type LineContext } from "../services/domain/lines/line-format.ts";
import { encodeBatches, uploadBatches } from "./upload-batches.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    addr: { type: "string", default: "127.0.0.1:8080" },
    service: { type: "string", default: "apache" },
    batch: { type: "string", default: "100" },
    producer: { type: "string" },
  },
});

async function main(): Promise<void> {
  const [file] = positionals;
  if (file === undefined) throw new Error("which file? node clients/upload-apache-log.ts FILE [--addr HOST:PORT]");
  const recordsPerBatch = Number(values.batch);
  if (!(recordsPerBatch >= 1 && recordsPerBatch <= 10_000)) {
    throw new Error(`--batch is "${values.batch}"; it must be a number from 1 to 10000`);
  }
  const producerId = values.producer
    ? Uint8Array.from(Buffer.from(values.producer, "hex"))
    : makeUuidV7(Date.now(), randomBytes(10));
  if (!isUuidV7(producerId))
    throw new Error(`--producer is "${values.producer}"; it must be a UUIDv7 as 32 hexadecimal digits`);

  const context: LineContext = { service: values.service, nowMs: Date.now(), offsetMinutes: () => 0 };
  const records: LogRecord[] = [];
  let otherLines = 0;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const record = combinedLine.read(line, context);
    if (isRecord(record)) records.push(record);
    else if (line !== "") otherLines++;
  }
  const summary = await uploadBatches(values.addr, encodeBatches(producerId, records, recordsPerBatch));
  console.log(`${summary.accepted} accepted, ${summary.rejected} rejected, ${otherLines} lines of another form`);
  for (const { batch, reject } of summary.rejects) {
    console.log(
      `  record ${Number(batch) * recordsPerBatch + (reject?.index ?? 0)}: ${reject?.field} ${reject?.reason}`,
    );
  }
  console.log(`producer ${Buffer.from(producerId).toString("hex")}`);
}

main().catch((reason: unknown) => {
  console.error(reason instanceof Error ? reason.message : reason);
  process.exitCode = 1;
});
