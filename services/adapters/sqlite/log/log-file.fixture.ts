import { LogInFolder, newFolder } from "./event-log.fixture.ts";
import { LogFile, type LogFileSettings } from "./log-file.ts";

/** A folder with a log whose file a test writes itself, without the log thread. */
export class WrittenLog {
  readonly place: LogInFolder;
  private readonly open_ = new Set<LogFile>();

  private constructor(folder: string) {
    this.place = new LogInFolder(folder);
  }

  /** An empty folder. */
  static async make(): Promise<WrittenLog> {
    return new WrittenLog(await newFolder());
  }

  /** Opens the log, with two partitions where it is new. */
  open(settings: Partial<LogFileSettings> = {}): LogFile {
    const path = this.place.path;
    const file = new LogFile({ path, partitions: 2, backlogBytesMax: 2 ** 40, tailBytesKept: 0, ...settings });
    this.open_.add(file);
    return file;
  }

  close(file: LogFile): void {
    this.open_.delete(file);
    file.close();
  }

  /** The offsets that a partition's table holds. */
  offsets(partition: number): number[] {
    return this.place.messages(partition).map(({ offset }) => Number(offset));
  }

  /** Closes what is open, and removes the folder. */
  async remove(): Promise<void> {
    for (const file of this.open_) file.close();
    await this.place.remove();
  }
}

/** Appends to one partition, as one transaction. */
export function appendTo(file: LogFile, partition: number, batches: readonly Uint8Array[]): void {
  const messages = new Uint32Array(batches.flatMap((batch) => [partition, batch.length]));
  file.append({ bytes: Buffer.concat(batches), messages });
}

/** Says that the store needs nothing before that offset any more. */
export function makeSafe(file: LogFile, partition: number, offset: bigint): void {
  file.signals.raiseSettled(partition, offset);
  file.signals.raiseSafe(partition, offset);
}
