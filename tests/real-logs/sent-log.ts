import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { equals } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { LogRecord } from "../../gen/logpulse/v1/log_record_pb.ts";
import { QueryService, type StoredLog } from "../../gen/logpulse/v1/query_service_pb.ts";

const LOGPULSE = join(import.meta.dirname, "..", "..", "cli", "logpulse.js");

/** What `logpulse send --json` says of a file. */
export interface SendSummary {
  read: number;
  kept: number;
  records: number;
  rejected: number;
  keptAsText: number;
  unknown: number;
  producer: string;
  format: string;
  /** The first lines that the format could not read. */
  asText: { line: number; field: string; reason: string }[];
}

/** A log that was sent, and what came of it. */
export interface SentLog {
  lines: string[];
  summary: SendSummary;
  /** All that is stored of it, in the order of the file. */
  records: LogRecord[];
  /** Of how many of them the time was found in the log: the others have that at which they were received. */
  timed: number;
}

/** Sends a file with `--format auto` and reads back what is stored of it. */
export async function sendLog(address: string, file: string, service: string): Promise<SentLog> {
  const stdout = await run(["send", file, "-s", service, "--addr", address, "--json"]);
  const summary = JSON.parse(stdout) as SendSummary;
  const text = readFileSync(file, "utf8");
  const lines = text.replace(/\n$/, "").split(/\r?\n/);
  const stored = await storedOf(address, summary);
  return {
    lines,
    summary,
    records: stored.map(({ record }) => record!),
    timed: stored.filter(({ record, receivedTime }) => !equals(TimestampSchema, record!.time!, receivedTime!)).length,
  };
}

/** What is stored of a producer, by its seqs, as soon as it is all there. */
async function storedOf(address: string, { producer, records }: SendSummary): Promise<StoredLog[]> {
  const client = createClient(QueryService, createGrpcTransport({ baseUrl: `http://${address}` }));
  for (let tries = 0; ; tries++) {
    const found: [seq: number, log: StoredLog][] = [];
    for await (const { event } of client.exportLogs({ startTime: { seconds: 0n } })) {
      if (event.case !== "log" || !event.value.id.startsWith(producer)) continue;
      found.push([Number(event.value.id.split("-")[1]), event.value]);
    }
    if (found.length >= records || tries === 50) return found.sort(([a], [b]) => a - b).map(([, log]) => log);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function run(args: string[]): Promise<string> {
  const env = { PATH: process.env.PATH, HOME: "/nonexistent" };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [LOGPULSE, ...args], { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error && stdout === "") reject(new Error(`logpulse ${args.join(" ")}: ${stderr}`));
      else resolve(stdout);
    });
  });
}
