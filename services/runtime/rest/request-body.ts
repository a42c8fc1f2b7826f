import type { IncomingMessage } from "node:http";
import { isKind, LogPulseError } from "../../domain/errors.ts";
import { HTTP_BODY_BYTES_MAX } from "../../domain/limits.ts";
import type { CallDesk } from "../call-desk.ts";
import { type Decompress, HTTP_DECOMPRESS } from "../decompression.ts";
import { HttpRefusal } from "../http-answer.ts";
import { piecesOf } from "../http-request-body.ts";
import type { ReceivedShare } from "../received-bytes.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Does this request have a body, if an empty one? */
export function announcesBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}

/**
 * The text of a whole body, decompressed. At most HTTP_BODY_BYTES_MAX, packed and unpacked, and no byte more is read.
 *
 * @throws HttpRefusal 413, or 415 for a compression that is not known.
 * @throws LogPulseError `invalid_request` (not what content-encoding says, not UTF-8), `deadline_exceeded`,
 * `overloaded`, `cancelled`; the signal's reason.
 */
export async function readWholeBody(
  request: IncomingMessage,
  desk: Pick<CallDesk, "streamIdleMsMax" | "decompression">,
  share: ReceivedShare,
  signal: AbortSignal,
): Promise<string> {
  const decompress = decompressor(request, desk, share);
  if (Number(request.headers["content-length"] ?? 0) > HTTP_BODY_BYTES_MAX) throw tooLarge();
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of piecesOf(request, desk.streamIdleMsMax, share, signal)) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > HTTP_BODY_BYTES_MAX) throw tooLarge();
  }
  const body = Buffer.concat(pieces);
  pieces.length = 0;
  return utf8Text(decompress ? await decompress(body) : body, "the body");
}

/** The text of these bytes. `what` is named in the error. @throws LogPulseError `invalid_request`. */
export function utf8Text(bytes: Uint8Array, what: string): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new LogPulseError("invalid_request", `${what} is not UTF-8`, { cause });
  }
}

/** The name in content-encoding; undefined where the body comes as it is. */
function contentEncoding({ headers }: IncomingMessage): string | undefined {
  const name = headers["content-encoding"]?.trim().toLowerCase();
  return name === "" || name === "identity" ? undefined : name;
}

function decompressor(
  request: IncomingMessage,
  { decompression }: Pick<CallDesk, "decompression">,
  share: ReceivedShare,
): ((body: Uint8Array) => Promise<Uint8Array>) | undefined {
  const name = contentEncoding(request);
  if (name === undefined) return undefined;
  const decompress: Decompress | undefined = HTTP_DECOMPRESS.get(name);
  if (decompress === undefined) {
    const known = [...HTTP_DECOMPRESS.keys()].join(", ");
    throw HttpRefusal.unknownType(`content-encoding is ${JSON.stringify(name)}; known are ${known}`);
  }
  const take = (bytes: number) => share.set(share.bytes + bytes);
  return async (body) => {
    try {
      return await decompression.run(name, decompress, body, HTTP_BODY_BYTES_MAX, take);
    } catch (reason) {
      throw isKind(reason, "invalid_request") && growsTooLarge(reason.cause) ? tooLarge() : reason;
    }
  };
}

function growsTooLarge(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
}

function tooLarge(): HttpRefusal {
  return HttpRefusal.tooLarge(
    `the body may have ${HTTP_BODY_BYTES_MAX} bytes, also when decompressed`,
    HTTP_BODY_BYTES_MAX,
  );
}
