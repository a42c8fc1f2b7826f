import type { ReadingMark, SourceBatch, SourcePosition } from "./source-batches.ts";

/** Finds the place in a file up to which everything is acknowledged, whatever the order of the acknowledgements. */
export class PositionTracker {
  private readonly onTheirWay: { batch: SourceBatch; isSettled: boolean }[] = []; // As they stand in the file.
  private acknowledged: SourcePosition;
  private behind: ReadingMark[];

  constructor(position: SourcePosition, marks: readonly ReadingMark[]) {
    this.acknowledged = position;
    this.behind = [...marks];
  }

  /** Everything before it is acknowledged. */
  get position(): SourcePosition {
    return this.acknowledged;
  }

  /** Those that still count behind the position. */
  get marks(): readonly ReadingMark[] {
    return this.behind;
  }

  /** Whether all batches are acknowledged. */
  get isSettled(): boolean {
    return this.onTheirWay.length === 0;
  }

  /** A batch is sent, behind all before it. */
  add(batch: SourceBatch): void {
    this.onTheirWay.push({ batch, isSettled: false });
  }

  /** It is acknowledged. */
  settle(batch: SourceBatch): void {
    const entry = this.onTheirWay.find((each) => each.batch === batch);
    if (entry) entry.isSettled = true;
    while (this.onTheirWay[0]?.isSettled) this.moveTo(this.onTheirWay.shift()!.batch.position);
  }

  /** Something was decided by the time, behind everything that is sent. */
  mark(mark: ReadingMark): void {
    this.behind.push(mark);
  }

  /** All batches are acknowledged, and up to here there is nothing else to send. */
  moveTo(position: SourcePosition): void {
    this.acknowledged = position;
    this.behind = this.behind.filter(({ offset }) => offset >= position.offset);
  }
}
