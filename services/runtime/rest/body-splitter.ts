import { LogPulseError } from "../../domain/errors.ts";
import { HTTP_BODY_BYTES_MAX, RECEIVED_PIECE_BYTES } from "../../domain/limits.ts";

/** Cuts a body into the texts of its messages while it arrives. An element has HTTP_BODY_BYTES_MAX at most. */
export interface BodySplitter {
  /** The elements that end in this piece, in order; to be taken all before the next piece. */
  push(piece: Uint8Array): Iterable<Uint8Array>;
  /** The body has ended: what was not complete before. */
  end(): Iterable<Uint8Array>;
  /** What it holds of an element that is not whole, in bytes; the cost of each piece is in it. */
  readonly heldBytes: number;
}

/** The pieces of an element that is not whole yet. */
export class HeldPieces {
  private readonly index: () => number;
  private pieces: Uint8Array[] = [];
  private bytes = 0;

  /** `index` of the element, for the error. */
  constructor(index: () => number) {
    this.index = index;
  }

  /** As `BodySplitter.heldBytes`. */
  get heldBytes(): number {
    return this.bytes + this.pieces.length * RECEIVED_PIECE_BYTES;
  }

  /** @throws LogPulseError `invalid_request`: the element is larger than a body may be. */
  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.pieces.push(piece);
    this.bytes += piece.length;
    if (this.bytes <= HTTP_BODY_BYTES_MAX) return;
    const message = `element ${this.index()} of the body has more than ${HTTP_BODY_BYTES_MAX} bytes`;
    throw new LogPulseError("invalid_request", message, { metadata: { limit: String(HTTP_BODY_BYTES_MAX) } });
  }

  /** All of them as one, and none is held any more. */
  take(): Uint8Array {
    const whole = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces);
    this.pieces = [];
    this.bytes = 0;
    return whole;
  }
}

/** Is it one of the four signs that JSON has between others? */
export function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
