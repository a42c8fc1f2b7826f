import { type ChannelOptions, Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import type { Answer } from "../ledger/ledger.ts";

/** A batch, encoded. */
export interface EncodedBatch {
  /** 32 lower-case hexadecimal digits. */
  producer: string;
  firstSeq: number;
  count: number;
  bytes: Uint8Array;
}

/** A way to send batches: one of the calls of the contract. */
export interface BatchSender {
  /** The name of the call. */
  readonly by: string;
  /**
   * Resolves with what came of the batch, within CALL_MS_MAX; never rejects for what a network or server does.
   *
   * @throws ContractBroken where an answer says what no server may say.
   */
  send(batch: EncodedBatch): Promise<Answer>;
  /** Ends what is open. */
  close(): void;
}

/** The server has said something that the contract rules out: the run has failed, whatever the stores hold. */
export class ContractBroken extends Error {}

/** From sending a batch to giving up on its answer. */
export const CALL_MS_MAX = 20_000;

const CHANNEL: ChannelOptions = {
  "grpc.use_local_subchannel_pool": 1, // A connection of its own for each client, as if it were a process of its own.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.min_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 250,
};

/** A client of one address, host:port. */
export function openClient(address: string): Client {
  return new Client(address, credentials.createInsecure(), CHANNEL);
}

/** The path of a call of the ingest service. */
export function pathOf(method: string): string {
  return `/logpulse.v1.IngestService/${method}`;
}

/** What the batch's bytes go through on their way out: nothing. */
export function asTheyAre(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Codes after which sending the same bytes again is of no use. */
const FOR_EVER: readonly number[] = [
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.PERMISSION_DENIED,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
];

/**
 * What a failed call says of its batches. Only the limiter's word is sure: with any other, something may have been kept.
 *
 * @throws ContractBroken where the server refuses for ever: our batches are as the contract wants them.
 */
export function answerOf(error: Pick<ServiceError, "code" | "details">, limiterSpeaksOfAll: boolean): Answer {
  const { code, details } = error;
  if (FOR_EVER.includes(code)) throw new ContractBroken(`refused for ever, with ${code}: ${details}`);
  return { outcome: limiterSpeaksOfAll && code === status.RESOURCE_EXHAUSTED ? "refused" : "unknown", code };
}
