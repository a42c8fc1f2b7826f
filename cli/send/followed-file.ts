import type { FileHandle } from "node:fs/promises";
import {
  SEND_BATCH_MS_MAX,
  SEND_FOLLOWED_IDLE_MS,
  SEND_PRODUCER_MS_MAX,
  SEND_READ_BYTES,
} from "../../services/domain/limits.ts";
import type { LineFormatName } from "../../services/domain/lines/line-format.ts";
import { lineFormat } from "../../services/domain/lines/line-formats.ts";
import { EXIT } from "../exit-code.ts";
import { fullCountText } from "../terminal/number-text.ts";
import { isCopyOf } from "./file-copies.ts";
import { FileHead, type FileNumber, NO_FILE } from "./file-identity.ts";
import type { KnownFile } from "./find-file.ts";
import { type FollowedParts, NotFollowable, type ReadingStart } from "./followed-parts.ts";
import { beginsAsGzip } from "./gunzip-chunks.ts";
import { isCopy } from "./left-files.ts";
import type { OpenedFile } from "./opened-file.ts";
import type { FilePosition } from "./position-file.ts";
import { PositionTracker } from "./position-tracker.ts";
import { newProducer, producerTimeMs } from "./producers.ts";
import { type SourceBatch, SourceBatches } from "./source-batches.ts";
import { Trouble } from "./trouble.ts";

/** What became of a read. */
export type ReadOutcome = "more" | "end" | "written anew";

const buffer = Buffer.allocUnsafeSlow(SEND_READ_BYTES); // Reads come one after the other.

/**
 * One file that is followed, from its opening to its end, under whatever name. What is sent of it and not acknowledged can
 * be read again with the same identities, by the position and the marks: those are on the disk before anything is sent.
 */
export class FollowedFile {
  readonly path: string;
  /** Nothing more is read of it. */
  isOver = false;
  /** With reading it. */
  readonly trouble: Trouble;
  private handle: FileHandle;
  private fileNumber: FileNumber;
  private readonly parts: FollowedParts;
  private readonly head: FileHead;
  private readonly source: SourceBatches;
  private readonly tracker: PositionTracker;
  private readonly inDoubtEnd: number;
  private readOffset: number;
  private isInHole: boolean; // Nothing but NULs was read so far.
  private readonly emptySinceNs: bigint; // As long as nothing was read.
  private rotatedAway = false;
  private grownMs = performance.now(); // Or when it was rotated away: some write to it a little longer.
  private heldSinceMs: number | undefined; // Records that no batch was made of.
  private noted: { marks: number; format: string | undefined } | undefined; // What the position file knows.
  private marksMade = 0;

  constructor(parts: FollowedParts, opened: OpenedFile, { position, marks, format, inDoubtEnd }: ReadingStart) {
    this.parts = parts;
    this.trouble = new Trouble(parts.say);
    this.handle = opened.handle;
    this.path = opened.path;
    this.fileNumber = opened.number;
    this.head = new FileHead(opened.head);
    this.inDoubtEnd = inDoubtEnd;
    this.tracker = new PositionTracker(position, marks);
    this.readOffset = position.offset;
    this.isInHole = position.lines === 0;
    this.emptySinceNs = opened.changedNs;
    const { strict, context, recordsPerBatch: recordsMax } = parts;
    this.source = new SourceBatches(
      { name: this.path, format: format && lineFormat(format), strict, context, position, marks, recordsMax },
      parts.eventsOf(this.path),
    );
  }

  get number(): FileNumber {
    return this.fileNumber;
  }

  /** Undefined until it is chosen. */
  get format(): LineFormatName | undefined {
    return this.source.format?.name;
  }

  /** Of what was read. */
  get fingerprint(): FilePosition["fingerprint"] {
    return this.head.fingerprint;
  }

  /** How many bytes were read, or passed over. */
  get bytesRead(): number {
    return this.readOffset;
  }

  /** The path names another file now, or none. */
  get isRotated(): boolean {
    return this.rotatedAway;
  }

  set isRotated(isRotated: boolean) {
    this.rotatedAway = isRotated;
    this.grownMs = performance.now();
  }

  /** For how long nothing has been added to it, since it was rotated away. */
  get quietMs(): number {
    return performance.now() - this.grownMs;
  }

  /** Whether everything that was sent of it is acknowledged. */
  get isSettled(): boolean {
    return this.tracker.isSettled;
  }

  /** Whether `sendDue` will have something to send before long. */
  get isHolding(): boolean {
    return this.source.isHoldingLines || this.source.isHoldingRecords;
  }

  /** For the position file. */
  get filePosition(): FilePosition {
    if (this.tracker.isSettled && !this.source.isHoldingRecords) this.tracker.moveTo(this.source.lastPosition);
    const { strict, context, zone } = this.parts;
    const { position, marks } = this.tracker;
    return {
      path: this.path,
      ...this.number,
      fingerprint: this.fingerprint,
      format: this.source.formatAt(position.offset)?.name,
      strict,
      service: context.service,
      zone,
      position,
      marks,
    };
  }

  /** How to find it again. */
  get place(): KnownFile {
    const { filePosition } = this;
    return { ...filePosition, position: { ...filePosition.position, offset: this.readOffset } };
  }

  /** Whether this is where it is read from. */
  isReading({ handle }: OpenedFile): boolean {
    return handle === this.handle;
  }

  /** Whether that one is a copy of this, maybe of before this was cut, in which there is nothing that is not read. */
  async hasAllOf(opened: OpenedFile): Promise<boolean> {
    const { size } = await this.handle.stat();
    if (size >= opened.size) return isCopyOf(opened, this.handle);
    return opened.size <= this.readOffset && isCopy(opened.head, this);
  }

  /** Goes on with the same file, opened again, or with a copy of it: with all that was read. */
  async goOnWith(opened: OpenedFile): Promise<void> {
    const { handle } = this;
    this.handle = opened.handle;
    this.fileNumber = opened.number;
    this.noted = undefined;
    await closeQuietly(handle);
  }

  /**
   * Reads on and sends what is full.
   *
   * @throws Error of the system where it cannot be read now; NotFollowable where it never can; what `send` throws.
   */
  async readOn(): Promise<ReadOutcome> {
    const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, this.readOffset);
    // Looked at behind the read: what was read of a file that is written anew does not go on here.
    if (!(await this.head.isSame(this.handle))) return "written anew";
    if (bytesRead === 0) return (await this.wasCut()) ? "written anew" : "end";
    if (this.readOffset === 0 && beginsAsGzip(buffer)) {
      throw new NotFollowable(
        EXIT.usage,
        `${this.path} holds gzip data, which cannot be followed`,
        "Send it without --follow.",
      );
    }
    await this.sendAll(this.renewLate());
    const hole = this.isInHole ? this.passHole(buffer.subarray(0, bytesRead)) : 0;
    this.readOffset += bytesRead;
    this.grownMs = performance.now();
    await this.sendAll(this.source.feed(buffer.subarray(hole, bytesRead)));
    return "more";
  }

  /** Sends what has waited long enough; after a while without a line also a record that might have gone on. */
  async sendDue(): Promise<void> {
    if (this.source.isHoldingLines && this.quietMs >= SEND_FOLLOWED_IDLE_MS) {
      this.mark({ offset: this.source.restStart });
      await this.sendAll(this.source.endRecord());
    } else if (this.heldSinceMs !== undefined && performance.now() - this.heldSinceMs >= SEND_BATCH_MS_MAX) {
      await this.sendAll(this.source.takeBatch());
    }
  }

  /** Sends what is left, a last line without a break too: nothing more comes. */
  async finish(): Promise<void> {
    this.isOver = true;
    await this.sendAll(this.source.endLine());
  }

  /** The same: it was written over, so it is nowhere any more. */
  async finishWrittenOver(): Promise<void> {
    this.fileNumber = NO_FILE;
    await this.finish();
  }

  /** Sends the records that there are. What might go on is read again by the next call. Gives how many lines that is. */
  async stop(): Promise<number> {
    if (this.isOver) return 0;
    this.isOver = true;
    await this.sendAll(this.source.takeBatch());
    return this.source.linesHeld;
  }

  /** The batch is acknowledged. */
  settle(batch: SourceBatch): void {
    this.tracker.settle(batch);
  }

  async close(): Promise<void> {
    await closeQuietly(this.handle);
  }

  /** Also where it was empty all the time that we looked, and something was written to it and is gone. */
  private async wasCut(): Promise<boolean> {
    const { size, mtimeNs } = await this.handle.stat({ bigint: true });
    if (this.readOffset > 0) return size < this.readOffset;
    return size === 0n && mtimeNs !== this.emptySinceNs;
  }

  /**
   * Passes over NULs at its beginning, and gives how many they are: where a program does not append, it goes on at its old
   * place in a file that was cut, and leaves a hole before it.
   */
  private passHole(bytes: Buffer): number {
    const end = bytes.findIndex((byte) => byte !== 0);
    const length = end < 0 ? bytes.length : end;
    this.isInHole = end < 0;
    this.source.passOver(length);
    const all = this.readOffset + length;
    if (!this.isInHole && all > 0)
      this.parts.say(`${this.path}: passed over ${fullCountText(all)} NULs at its beginning`);
    return length;
  }

  /** A producer lives for a day. What an earlier call may have sent has to keep its own. */
  private renewLate(): SourceBatch[] {
    const { nowMs } = this.parts.context;
    if (nowMs - producerTimeMs(this.source.producer) <= SEND_PRODUCER_MS_MAX) return [];
    const offset = this.source.renewalPlace;
    if (offset === undefined || offset < this.inDoubtEnd) return [];
    const producer = newProducer(nowMs);
    this.mark({ offset, producer });
    return this.source.renew(producer);
  }

  private mark(mark: { offset: number; producer?: string }): void {
    this.tracker.mark(mark);
    this.marksMade += 1;
  }

  private async sendAll(batches: readonly SourceBatch[]): Promise<void> {
    if (batches.length > 0) {
      this.heldSinceMs = undefined;
      for (const batch of batches) this.tracker.add(batch);
      await this.notePosition();
      for (const batch of batches) await this.parts.send(batch, this);
    }
    if (this.source.isHoldingRecords) this.heldSinceMs ??= performance.now();
  }

  /** Before something is sent that could not be read again in the same way without it. */
  private async notePosition(): Promise<void> {
    const { format } = this;
    if (this.noted?.marks === this.marksMade && this.noted.format === format) return;
    this.noted = { marks: this.marksMade, format };
    await this.parts.savePosition(this.path);
  }
}

/** What cannot be read may not be closed either; nothing was written to it. */
function closeQuietly(handle: FileHandle): Promise<void> {
  return handle.close().catch(() => undefined);
}
