import { type BodySplitter, HeldPieces, isBlank } from "./body-splitter.ts";

const LINE_FEED = 0x0a;

/** Cuts a body into its lines. Lines of blanks are none; the last one needs no line feed. */
export class LineSplitter implements BodySplitter {
  private lines = 0;
  private readonly held = new HeldPieces(() => this.lines);

  get heldBytes(): number {
    return this.held.heldBytes;
  }

  *push(piece: Uint8Array): Generator<Uint8Array> {
    let start = 0;
    for (;;) {
      const end = piece.indexOf(LINE_FEED, start);
      if (end < 0) break;
      if (end > start || this.held.heldBytes > 0) {
        this.held.add(piece.subarray(start, end));
        yield* this.take();
      } // A line without a byte is none, and costs nothing.
      start = end + 1;
    }
    this.held.add(piece.subarray(start));
  }

  end(): Uint8Array[] {
    return this.take();
  }

  /** The line that is held, if it is one. */
  private take(): Uint8Array[] {
    const line = this.held.take();
    if (line.every(isBlank)) return [];
    this.lines += 1;
    return [line];
  }
}
