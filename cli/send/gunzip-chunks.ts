import type { FileHandle } from "node:fs/promises";
import { constants, createGunzip, gunzipSync } from "node:zlib";
import { SEND_GZIP_READ_BYTES } from "../../services/domain/limits.ts";

/** The bytes of a source end before their time, or cannot be read. What was read before is good. */
export class SourceCutOff extends Error {
  override readonly name = "SourceCutOff";
}

/** Whether bytes begin as gzip data does (RFC 1952): its two magic bytes, and the one method that there is. */
export function beginsAsGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08;
}

/** What the first bytes of gzip data hold; nothing where they are damaged, or cannot be read. */
export async function inflatedHead(file: FileHandle): Promise<Buffer> {
  const packed = Buffer.alloc(SEND_GZIP_READ_BYTES);
  try {
    const { bytesRead } = await file.read(packed, 0, packed.length, 0);
    return gunzipSync(packed.subarray(0, bytesRead), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

/**
 * Inflates gzip data, of one member or several. What is held grows with a chunk of the input, never with the whole.
 *
 * @throws SourceCutOff where the data ends too early or is damaged, when everything before that was given.
 */
export async function* gunzipChunks(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflater = new Inflater();
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += SEND_GZIP_READ_BYTES) {
        yield* await inflater.write(chunk.subarray(at, at + SEND_GZIP_READ_BYTES));
        inflater.throwIfDamaged();
      }
    }
    yield* await inflater.end();
    inflater.throwIfDamaged();
  } finally {
    inflater.close();
  }
}

const OUTPUT_BYTES = 64 * 1024;

/** A zlib stream that gives what it has, also where it ends in an error. */
class Inflater {
  private readonly stream = createGunzip({ chunkSize: OUTPUT_BYTES });
  private readonly inflated: Buffer[] = [];
  private readonly over: Promise<void>;
  private isOver = false;
  private failure: Error | undefined;

  constructor() {
    this.stream.on("data", (bytes: Buffer) => this.inflated.push(bytes));
    this.over = new Promise<void>((resolve) => {
      this.stream.on("error", (reason) => {
        this.failure = reason;
        resolve();
      });
      this.stream.on("end", resolve); // Behind the last member may stand padding.
    }).then(() => {
      this.isOver = true;
    });
  }

  /** Resolves to what these bytes have become. */
  async write(bytes: Buffer): Promise<Buffer[]> {
    const before = this.stream.bytesWritten;
    if (!this.isOver) await Promise.race([new Promise((resolve) => this.stream.write(bytes, resolve)), this.over]);
    // The stream takes nothing behind its last member.
    const padding = bytes.subarray(this.stream.bytesWritten - before);
    if (padding.some((byte) => byte !== 0)) this.failure ??= new Error("something stands behind its padding");
    return this.inflated.splice(0);
  }

  /** Resolves to what is left. */
  async end(): Promise<Buffer[]> {
    this.stream.end();
    await this.over;
    return this.inflated.splice(0);
  }

  throwIfDamaged(): void {
    if (this.failure === undefined) return;
    const isTorn = this.failure.message === "unexpected end of file";
    const what = isTorn ? "its gzip data ends too early" : `its gzip data is damaged (${this.failure.message})`;
    throw new SourceCutOff(what, { cause: this.failure });
  }

  close(): void {
    this.stream.destroy();
  }
}
