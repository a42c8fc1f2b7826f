import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate } from "node:zlib";
import { LogPulseError } from "../domain/errors.ts";

/** Decompresses to at most `bytesMax`; rejects where that does not do, or the bytes are not of its kind. */
export type Decompress = (bytes: Uint8Array, bytesMax: number) => Promise<Uint8Array>;

const PIECE = { chunkSize: 64 * 1024 }; // Node's own 16 KiB goes to another thread and back four times as often.
const gunzipped = promisify(gunzip);
const inflated = promisify(inflate);
const unbrotlied = promisify(brotliDecompress);

/** What gRPC clients may compress with, by the names in `grpc-encoding`. */
export const GRPC_DECOMPRESS: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ["gzip", (bytes, bytesMax) => gunzipped(bytes, { ...PIECE, maxOutputLength: bytesMax })],
  ["deflate", (bytes, bytesMax) => inflated(bytes, { ...PIECE, maxOutputLength: bytesMax })],
]);

/** What REST clients may compress with, by the names in `content-encoding`. */
export const HTTP_DECOMPRESS: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ...GRPC_DECOMPRESS,
  ["br", (bytes, bytesMax) => unbrotlied(bytes, { ...PIECE, maxOutputLength: bytesMax })],
]);

/**
 * Lets a few messages be decompressed at a time. A message of 4 KiB may grow to 4 MiB, which is known when it has
 * grown: the others wait while they are small.
 */
export class Decompression {
  private readonly atOnceMax: number;
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(atOnceMax: number) {
    this.atOnceMax = atOnceMax;
  }

  /**
   * The message, decompressed when it is its turn. `take` is told how many bytes came out before the next one has its
   * turn, and may throw.
   *
   * @throws LogPulseError `invalid_request`: the bytes are not of that compression, or too many come out.
   */
  async run(
    name: string,
    decompress: Decompress,
    bytes: Uint8Array,
    bytesMax: number,
    take: (bytes: number) => void,
  ): Promise<Uint8Array> {
    if (this.running >= this.atOnceMax) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      const message = await decompress(bytes, bytesMax).catch((cause: unknown) => {
        const text = `the message is no ${name}, or has more than ${bytesMax} bytes when decompressed`;
        throw new LogPulseError("invalid_request", text, { cause });
      });
      take(message.length);
      return message;
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next(); // It has our place.
    }
  }
}
