import type { FileHandle } from "node:fs/promises";
import {
  SEND_BATCH_MS_MAX,
  SEND_FOLLOWED_IDLE_MS,
  SEND_PRODUCER_MS_MAX,
  SEND_READ_BYTES,
} from "../../services/domain/limits.ts";
import type { LineContext, LineFormatName } from "../../services/domain/lines/line-format.ts";
import { lineFormat } from "../../services/domain/lines/line-formats.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { FileHead, type FileNumber } from "./file-identity.ts";
import { beginsAsGzip } from "./gunzip-chunks.ts";
import type { FilePosition } from "./position-file.ts";
import { PositionTracker } from "./position-tracker.ts";
import { newProducer, producerTimeMs } from "./producers.ts";
import { type SourceBatch, SourceBatches, type SourceEvents } from "./source-batches.ts";

/** What all followed files of a call share. */
export interface FollowedParts {
  /** Its `nowMs` is kept up to date. */
  context: LineContext;
  /** Undefined: it is chosen by the first lines. */
  format: LineFormatName | undefined;
  strict: boolean;
  recordsPerBatch: number;
  eventsOf: (name: string) => SourceEvents;
  /** Resolves when there is room for more; `file` is told when the batch is acknowledged. */
  send: (batch: SourceBatch, file: FollowedFile) => Promise<void>;
  /** Resolves when the position of the file at that path is on the disk, as it is now. */
  savePosition: (path: string) => Promise<void>;
}

/** An open file. */
export interface OpenedFile {
  handle: FileHandle;
  /** By which name it was found. */
  path: string;
  number: FileNumber;
  /** In bytes. */
  size: number;
  /** Its first bytes. */
  head: Buffer;
  /** When it was changed last, in nanoseconds since 1970. */
  changedNs: bigint;
}

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
  private handle: FileHandle;
  private fileNumber: FileNumber;
  private readonly parts: FollowedParts;
  private readonly head: FileHead;
  private readonly source: SourceBatches;
  private readonly tracker: PositionTracker;
  private readonly inDoubtEnd: number; // What an earlier call has sent lies before it.
  private readOffset: number;
  private readonly emptySinceNs: bigint; // As long as nothing was read.
  private rotatedAway = false;
  private grownMs = performance.now(); // Or when it was rotated away: some write to it a little longer.
  private heldSinceMs: number | undefined; // Records that no batch was made of.
  private noted: { marks: number; format: string | undefined } | undefined; // What the position file knows.
  private marksMade = 0;

  /** `before`: where reading goes on, and how. */
  constructor(parts: FollowedParts, opened: OpenedFile, before: Pick<FilePosition, "position" | "marks" | "format">) {
    const { position, marks, format } = before;
    this.parts = parts;
    this.handle = opened.handle;
    this.path = opened.path;
    this.fileNumber = opened.number;
    this.head = new FileHead(opened.head);
    this.inDoubtEnd = position.offset + position.seq === 0 ? 0 : opened.size;
    this.tracker = new PositionTracker(position, marks);
    this.readOffset = position.offset;
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
    const { strict, context } = this.parts;
    return {
      path: this.path,
      ...this.number,
      fingerprint: this.fingerprint,
      format: this.format,
      strict,
      service: context.service,
      position: this.tracker.position,
      marks: this.tracker.marks,
    };
  }

  /** Goes on with a copy of it, which has all that was read. */
  async goOnWith(copy: OpenedFile): Promise<void> {
    const { handle } = this;
    this.handle = copy.handle;
    this.fileNumber = copy.number;
    this.isRotated = true;
    this.noted = undefined;
    await handle.close();
  }

  /** Reads on and sends what is full. @throws CommandFailure where it cannot be read; what `send` throws. */
  async readOn(): Promise<ReadOutcome> {
    const bytesRead = await this.readChunk();
    // Looked at behind the read: what was read of a file that is written anew does not go on here.
    if (!(await this.head.isSame(this.handle))) return "written anew";
    if (bytesRead === 0) return (await this.wasCut()) ? "written anew" : "end";
    if (this.readOffset === 0 && beginsAsGzip(buffer)) {
      throw new CommandFailure(
        EXIT.usage,
        `${this.path} holds gzip data, which cannot be followed`,
        "Send it without --follow.",
      );
    }
    await this.sendAll(this.renewLate());
    this.readOffset += bytesRead;
    this.grownMs = performance.now();
    await this.sendAll(this.source.feed(buffer.subarray(0, bytesRead)));
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
    await this.sendAll(this.source.finish());
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
    await this.handle.close();
  }

  /** Also where it was empty all the time that we looked, and something was written to it and is gone. */
  private async wasCut(): Promise<boolean> {
    const { size, mtimeNs } = await this.handle.stat({ bigint: true });
    if (this.readOffset > 0) return size < this.readOffset;
    return size === 0n && mtimeNs !== this.emptySinceNs;
  }

  private async readChunk(): Promise<number> {
    try {
      return (await this.handle.read(buffer, 0, buffer.length, this.readOffset)).bytesRead;
    } catch (reason) {
      throw new CommandFailure(EXIT.failed, `${this.path} cannot be read any further: ${(reason as Error).message}`);
    }
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
