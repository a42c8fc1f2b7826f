import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { batchBodies } from "./bodies.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const GHZ_MS_MAX = 600_000;

/** What another load tool found: https://ghz.sh. */
export interface GhzResult {
  calls: number;
  callsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** How many calls ended with which of gRPC's status codes, by name. */
  statuses: Record<string, number>;
}

/** What it prints with `-O json`, as far as it is read here. Times in nanoseconds. */
interface GhzReport {
  count: number;
  rps: number;
  latencyDistribution: { percentage: number; latency: number }[] | null;
  statusCodeDistribution: Record<string, number>;
}

/** What ghz is to send, closed loop. */
export interface GhzLoad {
  calls: number;
  callsInFlight: number;
  connections: number;
  recordsPerBatch: number;
  /** Left out: calls of `Write`, with one batch each. Else calls of `Upload` with so many, 1 to 64. */
  batchesPerCall?: number;
}

/** Identities are drawn by the server. @throws Error: a call failed. */
export async function runGhz(address: string, load: GhzLoad): Promise<GhzResult> {
  const folder = mkdtempSync(join(tmpdir(), "logpulse-ghz-"));
  try {
    const body = join(folder, "body");
    const batches = batchBodies(load.recordsPerBatch, Date.now()); // ghz sends one a call in turn, or all in each stream.
    writeFileSync(body, lengthPrefixed(batches.slice(0, load.batchesPerCall)));
    const method = load.batchesPerCall === undefined ? "Write" : "Upload";
    const { stdout } = await promisify(execFile)(
      ghzProgram(),
      [
        "--insecure",
        ...["--protoset", join(ROOT, "gen", "logpulse.binpb")],
        ...["--call", `logpulse.v1.IngestService.${method}`],
        ...["--total", String(load.calls)],
        ...["--concurrency", String(load.callsInFlight)],
        ...["--connections", String(load.connections)],
        ...["--binary-file", body],
        ...["--format", "json"],
        address,
      ],
      { timeout: GHZ_MS_MAX, maxBuffer: 1 << 30 }, // It tells of every call.
    );
    return resultOf(JSON.parse(stdout) as GhzReport, load.calls);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Messages each behind its length: ghz takes a single one without a length for such a list too, where it can. */
function lengthPrefixed(messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => [new BinaryWriter().uint32(message.length).finish(), message]));
}

function resultOf({ count, rps, latencyDistribution, statusCodeDistribution }: GhzReport, calls: number): GhzResult {
  if (statusCodeDistribution.OK !== calls) {
    throw new Error(`of ${calls} calls ghz saw ${JSON.stringify(statusCodeDistribution)}`);
  }
  const ms = (percentage: number) =>
    Number(((latencyDistribution ?? []).find((one) => one.percentage === percentage)!.latency / 1e6).toFixed(2));
  return {
    calls: count,
    callsPerSecond: Math.round(rps),
    p50Ms: ms(50),
    p99Ms: ms(99),
    statuses: statusCodeDistribution,
  };
}

function ghzProgram(): string {
  const { ghz } = JSON.parse(readFileSync(join(ROOT, "stack", "versions.json"), "utf8")) as { ghz: string };
  return join(ROOT, "stack", ".cache", `ghz-${ghz}`, "ghz");
}
