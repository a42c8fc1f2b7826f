const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Takes a line. `bytes`: without its line break, good until the call returns; only its first part where `length` is more.
 * `length`: of the whole line. `end`: where the next line begins, in bytes from the beginning of the source.
 */
export type TakeLine = (bytes: Buffer, length: number, end: number) => void;

/**
 * Cuts bytes into lines, wherever they are cut into chunks: at "\n", and "\r\n" counts as one. A mark of byte order at the
 * beginning of the source is no part of its first line. Of a line that has no end yet at most `lineBytesMax` bytes and a
 * few are held.
 */
export class LineSplitter {
  private readonly lineBytesMax: number;
  private readonly take: TakeLine;
  private offset: number; // Of the next byte that comes.
  private lineStart: number;
  private readonly parts: Buffer[] = []; // Of the line that has no end yet.
  private held = 0;
  private lastByte = -1; // Of that line, held or not.

  /** `start`: the offset in the source of the first byte that will come. */
  constructor(lineBytesMax: number, take: TakeLine, start = 0) {
    this.lineBytesMax = lineBytesMax;
    this.take = take;
    this.offset = start;
    this.lineStart = start;
  }

  /** Where the line begins that has no end yet: behind the last one that was taken. */
  get restStart(): number {
    return this.lineStart;
  }

  /** How many bytes that line has so far. */
  get restLength(): number {
    return this.offset - this.lineStart;
  }

  /** So many bytes that come next are no line, and are not fed. Only where a line begins. */
  passOver(bytes: number): void {
    this.offset += bytes;
    this.lineStart = this.offset;
  }

  /** The chunk may be used for something else afterwards. */
  feed(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const next = this.offset + end + 1 - start;
      if (this.held > 0) {
        this.hold(chunk.subarray(start, end));
        this.endHeldLine(next - 1 - this.lineStart, next);
      } else {
        if (end > start) this.lastByte = chunk[end - 1]!;
        this.endLine(chunk.subarray(start, end), end - start, next);
      }
      this.offset = next;
      start = end + 1;
    }
    this.hold(chunk.subarray(start));
    this.offset += chunk.length - start;
  }

  /** What stands behind the last line break is a line too. */
  finish(): void {
    if (this.restLength === 0) return;
    this.endHeldLine(this.restLength, this.offset);
  }

  private endHeldLine(length: number, end: number): void {
    const line = Buffer.concat(this.parts);
    this.parts.length = 0;
    this.held = 0;
    this.endLine(line, length, end);
  }

  /** Copies what a line may have of it: the chunk may be used again. */
  private hold(part: Buffer): void {
    if (part.length === 0) return;
    this.lastByte = part[part.length - 1]!;
    const room = this.lineBytesMax + BYTE_ORDER_MARK.length + 1 - this.held;
    if (room <= 0) return;
    const copy = Buffer.from(part.subarray(0, room));
    this.parts.push(copy);
    this.held += copy.length;
  }

  private endLine(line: Buffer, length: number, end: number): void {
    const isMarked = this.lineStart === 0 && line.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    const from = isMarked ? BYTE_ORDER_MARK.length : 0;
    const to = length > 0 && this.lastByte === CARRIAGE_RETURN ? length - 1 : length;
    this.lineStart = end;
    this.take(line.subarray(from, Math.min(to, from + this.lineBytesMax)), to - from, end);
  }
}
