/**
 * What a stream may have on its way. While the server's credit is smaller than that, batches go one after the other: what
 * is over a sender's share waits here, and not in the server's memory, where it would soon end the stream.
 */
export class StreamCredit {
  private recordsOnWay = 0;
  private toldRecords: number | undefined;

  /** A new stream begins: nothing is on its way, and nothing has been told. */
  reset(): void {
    this.recordsOnWay = 0;
    this.toldRecords = undefined;
  }

  /** An answer has come. `records`: as it tells them, undefined where nothing limits. */
  tell(records: bigint | undefined): void {
    this.toldRecords = records === undefined ? undefined : Number(records);
  }

  /** Whether a batch of so many records may be sent. One may always be on its way: its answer tells the next credit. */
  allows(records: number): boolean {
    if (this.toldRecords === undefined || this.recordsOnWay === 0) return true;
    return this.recordsOnWay + records <= this.toldRecords;
  }

  /** It is sent. */
  add(records: number): void {
    this.recordsOnWay += records;
  }

  /** It is kept, or refused. */
  remove(records: number): void {
    this.recordsOnWay -= records;
  }
}
