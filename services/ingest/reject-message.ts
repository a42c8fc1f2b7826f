import { create } from "@bufbuild/protobuf";
import { type Reject, RejectSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";

/** A reject as the contract says it. */
export function rejectMessage(reject: { index: number; field: string; reason: string }): Reject {
  return create(RejectSchema, { index: reject.index, field: reject.field, reason: reject.reason });
}
