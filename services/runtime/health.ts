import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { LogPulseError } from "../domain/errors.ts";
import { type GrpcMethod, onlyMessage } from "./grpc-mount.ts";
import type { Readiness } from "./readiness.ts";

/** grpc.health.v1.HealthCheckResponse.ServingStatus */
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

/**
 * The standard health service of gRPC (grpc.health.v1): "" is the process, a full service name is whether that service
 * can answer by the last look at its parts. NOT_SERVING for all as soon as the process announces that it stops. A Watch
 * ends when it drains, not before: whoever watches would ask again at once.
 *
 * Its two messages have one field each, so they are read and written here: a generated one would put Google's file
 * among ours.
 */
export function healthMethods(readiness: Readiness, services: ReadonlySet<string>): GrpcMethod[] {
  const statusOf = (service: string): number => {
    const serving = readiness.isServing(service, services);
    if (serving === undefined) return SERVICE_UNKNOWN;
    return serving ? SERVING : NOT_SERVING;
  };
  const check: GrpcMethod["serve"] = async (call) => {
    const service = readRequest(await onlyMessage(call));
    const status = statusOf(service);
    if (status === SERVICE_UNKNOWN) throw new LogPulseError("not_found", `there is no service "${service}" here`);
    await call.send(writeResponse(status));
  };
  const watch: GrpcMethod["serve"] = async (call, { signal }) => {
    const service = readRequest(await onlyMessage(call));
    let wake = () => {};
    const unwatch = readiness.watch(() => wake());
    signal.addEventListener("abort", () => wake());
    try {
      for (let told: number | undefined; ; ) {
        signal.throwIfAborted();
        const changed = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const status = statusOf(service);
        if (status !== told) await call.send(writeResponse(status));
        told = status;
        if (readiness.isDraining) return;
        await changed;
      }
    } finally {
      unwatch();
    }
  };
  return [
    { path: "/grpc.health.v1.Health/Check", waitedFor: false, goesOn: false, serve: check },
    { path: "/grpc.health.v1.Health/Watch", waitedFor: false, goesOn: true, serve: watch },
  ];
}

/** HealthCheckRequest { string service = 1 } */
function readRequest(bytes: Uint8Array): string {
  let service = "";
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field === 1 && type === WireType.LengthDelimited) service = reader.string();
      else reader.skip(type, field);
    }
  } catch (cause) {
    throw new LogPulseError("invalid_request", "the bytes are no grpc.health.v1.HealthCheckRequest", { cause });
  }
  return service;
}

/** HealthCheckResponse { ServingStatus status = 1 } */
function writeResponse(status: number): Uint8Array {
  return new BinaryWriter().tag(1, WireType.Varint).int32(status).finish();
}
