const CELL_BYTES = 8;
const CELLS_PER_PARTITION = 3;

// The place of each number among those of its partition.
const END = 0;
const SETTLED = 1;
const SAFE = 2;

/**
 * Three numbers per partition of the log, in memory that the threads share; each has one thread that raises it:
 *
 * - `end`, by the log thread: the offset that the next message will have. Raised when its commit is on the disk.
 * - `settled`, by the store thread: the offset that the store reads next. Behind `end`, it is the backlog.
 * - `safe`, by the store thread: where `settled` stood at the store's last finished checkpoint. Messages before it are
 *   not needed even if the machine loses what is not on the disk, so the log may be trimmed up to here.
 *
 * Numbers only grow: a lower one than there is changes nothing.
 */
export class LogSignals {
  /** To be sent to another thread, which makes its own LogSignals of it. */
  readonly buffer: SharedArrayBuffer;
  private readonly cells: BigInt64Array<SharedArrayBuffer>;

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.cells = new BigInt64Array(buffer);
  }

  /** New ones, all 0. */
  static forPartitions(partitions: number): LogSignals {
    return new LogSignals(new SharedArrayBuffer(partitions * CELLS_PER_PARTITION * CELL_BYTES));
  }

  get partitions(): number {
    return this.cells.length / CELLS_PER_PARTITION;
  }

  end(partition: number): bigint {
    return Atomics.load(this.cells, cellOf(partition, END));
  }

  settled(partition: number): bigint {
    return Atomics.load(this.cells, cellOf(partition, SETTLED));
  }

  safe(partition: number): bigint {
    return Atomics.load(this.cells, cellOf(partition, SAFE));
  }

  /** Wakes everyone who waits for it. */
  raiseEnd(partition: number, offset: bigint): void {
    this.raise(cellOf(partition, END), offset);
    Atomics.notify(this.cells, cellOf(partition, END));
  }

  raiseSettled(partition: number, offset: bigint): void {
    this.raise(cellOf(partition, SETTLED), offset);
  }

  raiseSafe(partition: number, offset: bigint): void {
    this.raise(cellOf(partition, SAFE), offset);
  }

  /** Resolves with the partition's end as soon as it lies behind `offset`; rejects with the signal's reason. */
  async endBehind(partition: number, offset: bigint, signal: AbortSignal): Promise<bigint> {
    const cell = cellOf(partition, END);
    // A wait cannot be taken back. So all who wait are woken, and each looks whether it was meant.
    const wake = () => Atomics.notify(this.cells, cell);
    signal.addEventListener("abort", wake, { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        const end = Atomics.load(this.cells, cell);
        if (end > offset) return end;
        await Atomics.waitAsync(this.cells, cell, end).value;
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  private raise(cell: number, offset: bigint): void {
    // Load and store are enough: no other thread writes this number.
    if (offset > Atomics.load(this.cells, cell)) Atomics.store(this.cells, cell, offset);
  }
}

function cellOf(partition: number, place: number): number {
  return partition * CELLS_PER_PARTITION + place;
}
