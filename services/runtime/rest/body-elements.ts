import type { IncomingMessage } from "node:http";
import { JSON_UPLOAD_BYTES_MAX } from "../../domain/limits.ts";
import type { CallDesk } from "../call-desk.ts";
import { HttpRefusal } from "../http-answer.ts";
import { piecesOf } from "../http-request-body.ts";
import type { ReceivedShare } from "../received-bytes.ts";
import type { BodySplitter } from "./body-splitter.ts";
import { JsonArraySplitter } from "./json-array-splitter.ts";
import { LineSplitter } from "./line-splitter.ts";
import type { BodyForm } from "./media-type.ts";

/**
 * The elements of a body that is a stream of messages, each as soon as it is whole. The client is read as fast as they
 * are asked for; whoever asks for the next has taken over the one before.
 *
 * @throws HttpRefusal 413 beyond JSON_UPLOAD_BYTES_MAX, 415 for a compressed body; on iteration.
 * @throws LogPulseError `invalid_request`, `deadline_exceeded`, `overloaded`, `cancelled`, or the signal's reason; on
 *   iteration.
 */
export async function* bodyElements(
  request: IncomingMessage,
  form: BodyForm,
  { streamIdleMsMax }: Pick<CallDesk, "streamIdleMsMax">,
  share: ReceivedShare,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  if (request.headers["content-encoding"] !== undefined) {
    throw HttpRefusal.unknownType("a stream of batches takes no content-encoding; /v1/logs:write and gRPC take gzip");
  }
  const splitter: BodySplitter = form === "json" ? new JsonArraySplitter() : new LineSplitter();
  let bytes = 0;
  for await (const piece of piecesOf(request, streamIdleMsMax, share, signal)) {
    bytes += piece.length;
    if (bytes > JSON_UPLOAD_BYTES_MAX) throw tooLarge();
    yield* splitter.push(piece);
    share.set(splitter.heldBytes);
  }
  yield* splitter.end();
}

function tooLarge(): HttpRefusal {
  const limit = `a stream of batches may have ${JSON_UPLOAD_BYTES_MAX} bytes`;
  return HttpRefusal.tooLarge(`${limit}; send the rest in another call, or all of it by gRPC`, JSON_UPLOAD_BYTES_MAX);
}
