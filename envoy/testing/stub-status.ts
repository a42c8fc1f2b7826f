import { create, toBinary } from "@bufbuild/protobuf";
import type { Any } from "@bufbuild/protobuf/wkt";
import { AnySchema, anyPack } from "@bufbuild/protobuf/wkt";
import type { OutgoingDetail } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";

/**
 * The grpc-js form of a ConnectError: message, details as grpc-status-details-bin, metadata as trailers. Anything else
 * is UNKNOWN.
 */
export function statusOf(reason: unknown): StatusObject {
  const error = ConnectError.from(reason, Code.Unknown);
  const metadata = new Metadata();
  error.metadata.forEach((value, name) => metadata.set(name, value));
  if (error.details.length > 0) {
    const status = create(StatusSchema, { code: error.code, message: error.rawMessage, details: error.details.map(toAny) });
    metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, status)));
  }
  return { code: error.code, details: error.rawMessage, metadata };
}

function toAny(detail: ConnectError["details"][number]): Any {
  const { desc, value } = detail as OutgoingDetail;
  return anyPack(desc, create(desc, value as object)) ?? create(AnySchema);
}
