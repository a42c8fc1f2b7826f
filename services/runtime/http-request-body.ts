import type { IncomingMessage } from "node:http";
import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { LogPulseError } from "../domain/errors.ts";
import { GRPC_MESSAGE_BYTES_MAX, HTTP_BODY_BYTES_MAX } from "../domain/limits.ts";
import type { CallDesk } from "./call-desk.ts";
import type { Decompress as DecompressBytes } from "./decompression.ts";
import { undecodable } from "./grpc-mount.ts";
import type { ReceivedShare } from "./received-bytes.ts";

/** The compressions that are taken, and by which responses are sent. */
export const COMPRESSIONS = [compressionGzip, compressionBrotli];

/** The first bit of a frame's flags: the message in it is compressed. */
const COMPRESSED = 1;
const FRAME_HEAD_BYTES = 5;

/**
 * The body of a Connect or gRPC-Web request, checked before the library sees it, because the library answers what a
 * client did wrong with codes that say otherwise: RESOURCE_EXHAUSTED for a message that is too large, INTERNAL for
 * bytes that are no message. Here both are `invalid_request`. (Binary messages are therefore decoded twice. Those who
 * count cycles use gRPC.)
 *
 * Bodies and frames come out decompressed, so `headers` loses what said otherwise. At most HTTP_BODY_BYTES_MAX for a
 * message as it comes or as JSON, GRPC_MESSAGE_BYTES_MAX for a binary one, and `streamIdleMsMax` for each piece to
 * arrive. `share` holds what is here until the next message is asked for, or it is closed.
 *
 * @throws LogPulseError `invalid_request`, `deadline_exceeded` (nothing came in time), `overloaded` (no room for more),
 * `cancelled`; on iteration.
 */
export function checkedBody(
  request: IncomingMessage,
  headers: Headers,
  input: DescMessage,
  desk: Pick<CallDesk, "streamIdleMsMax" | "decompression">,
  share: ReceivedShare,
): AsyncIterable<Uint8Array> {
  const contentType = headers.get("content-type") ?? "";
  const framed = /^application\/(grpc-web|connect\+)/i.test(contentType);
  const isJson = /json/i.test(contentType);
  const encodingHeader = framed ? frameEncodingHeader(contentType) : "content-encoding";
  const decompress = takeDecompressor(headers, encodingHeader, desk, share);
  const bytesMax = isJson ? HTTP_BODY_BYTES_MAX : GRPC_MESSAGE_BYTES_MAX;
  const check = (message: Uint8Array) => {
    if (message.length > bytesMax) throw tooLarge(message.length, bytesMax);
    if (!isJson) checkDecodes(input, message);
  };
  const pieces = piecesOf(request, desk.streamIdleMsMax, share);
  return framed
    ? checkedFrames(framesOf(pieces, share), bytesMax, decompress, check)
    : checkedWhole(pieces, bytesMax, decompress, check);
}

type Decompress = DecompressBytes | undefined;
type Check = (message: Uint8Array) => void;

async function* checkedWhole(
  pieces: AsyncIterable<Uint8Array>,
  bytesMax: number,
  decompress: Decompress,
  check: Check,
): AsyncGenerator<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    parts.push(piece);
    bytes += piece.length;
    if (bytes > HTTP_BODY_BYTES_MAX) throw tooLarge(bytes, HTTP_BODY_BYTES_MAX);
  }
  const body = Buffer.concat(parts);
  parts.length = 0;
  const message = decompress && body.length > 0 ? await decompress(body, bytesMax) : body;
  check(message);
  yield message;
}

async function* checkedFrames(
  frames: AsyncIterable<Buffer>,
  bytesMax: number,
  decompress: Decompress,
  check: Check,
): AsyncGenerator<Uint8Array> {
  for await (const frame of frames) {
    const flags = frame.readUInt8(0);
    const payload = frame.subarray(FRAME_HEAD_BYTES);
    if (flags > COMPRESSED || (flags === COMPRESSED && decompress === undefined)) {
      yield frame; // A trailer, or a mistake that the library names well.
      continue;
    }
    const compressed = flags === COMPRESSED && payload.length > 0;
    const message = compressed && decompress ? await decompress(payload, bytesMax) : payload;
    check(message);
    const head = Buffer.alloc(FRAME_HEAD_BYTES);
    head.writeUInt32BE(message.length, 1);
    yield Buffer.concat([head, message]);
  }
}

/** Whole frames: one byte of flags, four of length, the message. */
async function* framesOf(pieces: AsyncIterable<Uint8Array>, share: ReceivedShare): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  let wanted = FRAME_HEAD_BYTES;
  for await (const piece of pieces) {
    parts.push(piece);
    bytes += piece.length;
    while (bytes >= wanted) {
      const joined = parts.length === 1 ? Buffer.from(parts[0]!) : Buffer.concat(parts);
      parts = [joined];
      const length = joined.readUInt32BE(1);
      if (length > HTTP_BODY_BYTES_MAX) throw tooLarge(length, HTTP_BODY_BYTES_MAX);
      wanted = FRAME_HEAD_BYTES + length;
      if (bytes < wanted) break;
      yield joined.subarray(0, wanted);
      parts = [joined.subarray(wanted)];
      bytes -= wanted;
      share.set(bytes); // The frame before has been taken over by whoever asks for the next.
      wanted = FRAME_HEAD_BYTES;
    }
  }
  if (bytes > 0)
    throw new LogPulseError("invalid_request", `the last message is cut short: ${bytes} of ${wanted} bytes`);
}

/**
 * The pieces as they arrive, each within `idleMsMax`. By hand, because `for await` destroys the request, and with it the
 * connection, when it is left early; the answer still is to be sent.
 *
 * @throws LogPulseError `deadline_exceeded`, `overloaded` (no room in `share`), `cancelled`, or the signal's reason; on
 *   iteration.
 */
export async function* piecesOf(
  request: IncomingMessage,
  idleMsMax: number,
  share: ReceivedShare,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator: AsyncIterator<Uint8Array> = request[Symbol.asyncIterator]();
  for (;;) {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(nothingCame(idleMsMax)), idleMsMax);
    const onAbort = () => reject(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    share.waitForClient(reject);
    try {
      const next = iterator.next();
      next.catch(() => undefined); // When it loses the race, its end is nobody's.
      const piece = await Promise.race([next, late]);
      if (piece.done) return;
      share.waitForClient(undefined);
      share.add(piece.value.length);
      yield piece.value;
    } catch (reason) {
      if (reason instanceof LogPulseError) throw reason;
      throw new LogPulseError("cancelled", "the client hung up in the middle of its request", { cause: reason });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      share.waitForClient(undefined);
    }
  }
}

function frameEncodingHeader(contentType: string): string {
  return /^application\/connect/i.test(contentType) ? "connect-content-encoding" : "grpc-encoding";
}

/** The decompressor that the header names; the header goes with it. An unknown one stays, for the library to refuse. */
function takeDecompressor(
  headers: Headers,
  header: string,
  { decompression }: Pick<CallDesk, "decompression">,
  share: ReceivedShare,
): Decompress {
  const compression = COMPRESSIONS.find(({ name }) => name === headers.get(header));
  if (compression === undefined) return undefined;
  if (header === "content-encoding") headers.delete("content-length");
  headers.delete(header);
  const { name } = compression;
  const decompress: DecompressBytes = (bytes, bytesMax) => compression.decompress(bytes, bytesMax);
  const take = (bytes: number) => share.set(share.bytes + bytes);
  return (bytes, bytesMax) => decompression.run(name, decompress, bytes, bytesMax, take);
}

function checkDecodes(input: DescMessage, message: Uint8Array): void {
  try {
    fromBinary(input, message);
  } catch (reason) {
    throw undecodable(input, reason);
  }
}

function tooLarge(bytes: number, bytesMax: number): LogPulseError {
  const message = `the message has ${bytes} bytes or more; it may have ${bytesMax}`;
  return new LogPulseError("invalid_request", message, { metadata: { limit: String(bytesMax) } });
}

function nothingCame(idleMsMax: number): LogPulseError {
  return new LogPulseError("deadline_exceeded", `nothing of the request came for ${idleMsMax} ms`);
}
