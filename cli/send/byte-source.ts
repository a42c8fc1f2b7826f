import { constants, openSync, type Stats } from "node:fs";
import { access, type FileHandle, open, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { SEND_READ_BYTES } from "../../services/domain/limits.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { beginsAsGzip, gunzipChunks, SourceCutOff } from "./gunzip-chunks.ts";

const MAGIC_BYTES = 3;

/** Bytes that are read once, from their beginning to their end. */
export interface ByteSource {
  /** As people know it. */
  name: string;
  /** In bytes as they are stored; undefined where nobody knows. */
  size: number | undefined;
  /** Of these, how many were read so far. */
  readonly bytesRead: number;
  /**
   * The bytes, inflated where they are gzip data, whatever the name says. A chunk is good until the next one is asked for.
   *
   * @throws SourceCutOff where they end too early, when everything before was given.
   */
  chunks(): AsyncGenerator<Buffer>;
  close(): Promise<void>;
}

/**
 * Opens a file, or what else has a path and can be read. A named pipe need have no writer yet: the first chunk waits for one.
 *
 * @throws CommandFailure where it cannot.
 */
export async function openFileSource(path: string): Promise<ByteSource> {
  const stats = await readableStats(path);
  if (stats.isFIFO()) return orFailure(path, pipeSource(path));
  const handle = await orFailure(path, open(path, "r"));
  return new CountedSource(path, sizeOf(stats), fileChunks(handle), () => handle.close());
}

/** In bytes; undefined where nobody knows. Without opening it: who writes to a pipe would be told that we have gone. @throws as `openFileSource`. */
export async function sizeOfSource(path: string): Promise<number | undefined> {
  await orFailure(path, access(path, constants.R_OK));
  return sizeOf(await readableStats(path));
}

/** What comes from a stream: standard input. */
export function streamSource(name: string, stream: AsyncIterable<Buffer>): ByteSource {
  return new CountedSource(name, undefined, stream, async () => {});
}

/** Neither the opening nor a read of it occupies a thread, so waiting for its writer can be ended. */
async function pipeSource(path: string): Promise<ByteSource> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  return new CountedSource(path, undefined, socket, async () => void socket.destroy());
}

async function readableStats(path: string): Promise<Stats> {
  const stats = await orFailure(path, stat(path));
  if (stats.isDirectory()) throw new CommandFailure(EXIT.usage, `${path} is a folder; name the files in it`);
  return stats;
}

function sizeOf(stats: Stats): number | undefined {
  return stats.isFile() ? stats.size : undefined;
}

async function orFailure<Result>(path: string, reading: Promise<Result>): Promise<Result> {
  try {
    return await reading;
  } catch (reason) {
    throw new CommandFailure(EXIT.usage, `${path} cannot be read: ${systemText(reason)}`);
  }
}

/** What the system says, without the call and the path: "permission denied". */
export function systemText(reason: unknown): string {
  const { code, message } = reason as NodeJS.ErrnoException;
  const known = { ENOENT: "there is no such file", EACCES: "permission denied", EISDIR: "it is a folder" };
  return known[code as keyof typeof known] ?? message;
}

async function* fileChunks(handle: FileHandle): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(SEND_READ_BYTES);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null).catch((reason: unknown) => {
      throw new SourceCutOff(`it cannot be read any further: ${systemText(reason)}`, { cause: reason });
    });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

class CountedSource implements ByteSource {
  readonly name: string;
  readonly size: number | undefined;
  readonly close: () => Promise<void>;
  bytesRead = 0;
  private readonly stored: AsyncIterable<Buffer>;

  constructor(name: string, size: number | undefined, stored: AsyncIterable<Buffer>, close: () => Promise<void>) {
    this.name = name;
    this.size = size;
    this.stored = stored;
    this.close = close;
  }

  async *chunks(): AsyncGenerator<Buffer> {
    const counted = this.counted();
    const head: Buffer[] = [];
    let headBytes = 0;
    while (headBytes < MAGIC_BYTES) {
      const next = await counted.next();
      if (next.done) break;
      head.push(Buffer.from(next.value)); // Another one may be read over it.
      headBytes += next.value.length;
    }
    const first = Buffer.concat(head);
    const all = behind(first, counted);
    yield* beginsAsGzip(first) ? gunzipChunks(all) : all;
  }

  private async *counted(): AsyncGenerator<Buffer> {
    for await (const chunk of this.stored) {
      this.bytesRead += chunk.length;
      yield chunk;
    }
  }
}

async function* behind(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (first.length > 0) yield first;
  yield* rest;
}
