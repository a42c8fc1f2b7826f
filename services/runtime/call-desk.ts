import { LogPulseError } from "../domain/errors.ts";
import type { CallsInFlight } from "./calls-in-flight.ts";
import type { ClientAddress, IsTrustedProxy } from "./client-address.ts";
import type { Decompression } from "./decompression.ts";
import type { Log } from "./logger.ts";
import type { ReceivedBytes } from "./received-bytes.ts";
import { type RpcStatus, toStatus } from "./rpc-status.ts";
import type { UnsentAnswers } from "./unsent-answers.ts";

/** What every call passes through, on whatever protocol it came. */
export interface CallDesk {
  /** Whose records come in and whose are seen. */
  tenant: string;
  calls: CallsInFlight;
  /** Room for requests, over all calls. */
  received: ReceivedBytes;
  decompression: Decompression;
  /** Room for answers of REST that clients have not taken. */
  unsent: UnsentAnswers;
  clientAddress: ClientAddress;
  isTrustedProxy: IsTrustedProxy;
  /** True where traces are made: only then a call's context has `caller`. */
  tellsCaller: boolean;
  log: Log;
  /** How long a client may take for one message. */
  streamIdleMsMax: number;
  /** How long one that streams both ways may be silent between two messages. */
  streamQuietMsMax: number;
}

/**
 * The status of a call whose handler rejected. What is not an error of ours is a bug, and is logged here, once, with
 * its cause; unless the call was aborted: then the handler only said so in other words.
 */
export function statusOfFailure(reason: unknown, path: string, signal: AbortSignal | undefined, log: Log): RpcStatus {
  const ours = reason instanceof LogPulseError;
  if (!ours && signal?.aborted) return toStatus(signal.reason);
  if (!ours || reason.kind === "bug") log.error({ err: reason, method: path }, "a call failed by a fault of ours");
  return toStatus(reason);
}
