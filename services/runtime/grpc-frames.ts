const HEAD_BYTES = 5; // One of flags, four of length.

/** A message as it came: its head and its payload. */
export interface GrpcFrame {
  compressed: boolean;
  /** Head and payload together. */
  bytes: number;
}

/**
 * Follows where messages begin and end in a stream's bytes, without keeping any. grpc-js does the same inside, and
 * tells neither how much of an unfinished message it holds nor whether a message was compressed.
 */
export class GrpcFrames {
  private readonly whole: GrpcFrame[] = [];
  private headBytes = 0;
  private flags = 0;
  private length = 0;
  private left = 0;
  private untaken = 0;

  /** How many bytes came that are of no message that was taken. */
  get bytes(): number {
    return this.untaken;
  }

  /** The next bytes of the stream. */
  add(piece: Uint8Array): void {
    this.untaken += piece.length;
    for (let at = 0; at < piece.length; ) {
      if (this.headBytes < HEAD_BYTES) {
        this.addToHead(piece[at]!);
        at += 1;
      } else {
        const taken = Math.min(this.left, piece.length - at);
        this.left -= taken;
        at += taken;
      }
      if (this.headBytes === HEAD_BYTES && this.left === 0) this.endMessage();
    }
  }

  /** Takes the first whole message. Only where there is one. */
  take(): GrpcFrame {
    const frame = this.whole.shift();
    if (frame === undefined) throw new Error("grpc-js has a message that did not come");
    this.untaken -= frame.bytes;
    return frame;
  }

  private addToHead(byte: number): void {
    if (this.headBytes === 0) this.flags = byte;
    else this.length = this.length * 256 + byte;
    this.headBytes += 1;
    this.left = this.length;
  }

  private endMessage(): void {
    this.whole.push({ compressed: this.flags === 1, bytes: HEAD_BYTES + this.length });
    this.headBytes = 0;
    this.length = 0;
  }
}
