import {
  SEND_FILE_TIMES_LATE_MS_MAX,
  SEND_FILES_REMEMBERED_MAX,
  SEND_PRODUCER_LATE_MS_MAX,
  SEND_ROTATED_MS_MAX,
} from "../../services/domain/limits.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { fullCountText } from "../terminal/number-text.ts";
import { systemText } from "./byte-source.ts";
import { type FileNumber, fileNumber, hasFingerprint, isSameFile } from "./file-identity.ts";
import { findCopy, findFollowed, openFollowed, openRotatedSince, statsOf } from "./find-file.ts";
import { FollowedFile, type FollowedParts, type OpenedFile } from "./followed-file.ts";
import { beginsAsGzip } from "./gunzip-chunks.ts";
import type { FilePosition, PathPosition, Positions } from "./position-file.ts";
import { newProducer, producerTimeMs } from "./producers.ts";

/** What is remembered of a file that was read. */
type ReadFile = Pick<FollowedFile, "number" | "fingerprint" | "bytesRead">;

/** Whether that file, or one of which this is a copy, was read as far. */
function hasAllOf({ number, fingerprint, bytesRead }: ReadFile, opened: OpenedFile): boolean {
  if (fingerprint.bytes === 0 || !hasFingerprint(opened.head, fingerprint)) return false;
  return isSameFile(number, opened.number) || opened.size <= bytesRead;
}

/**
 * A path that is followed, with all files that it names in the course of time: the old one is read to its end when it is
 * rotated away, and a little longer, since programs notice that late; a new one is read from its beginning.
 */
export class FollowedPath {
  readonly path: string;
  private readonly parts: FollowedParts;
  private readonly say: (text: string) => void;
  private files: FollowedFile[] = []; // The oldest first.
  private readonly dropped: ReadFile[] = []; // The last ones.
  private isLooking = false;
  private lookedMs: number; // When the path last named the current file.
  private knownMs: number; // The same, and that file was as we know it.
  private trouble = ""; // That was said last: once is enough.

  /** `path`: absolute. `say`: to people. */
  constructor(path: string, parts: FollowedParts, say: (text: string) => void) {
    this.path = path;
    this.parts = parts;
    this.say = say;
    this.lookedMs = parts.context.nowMs;
    this.knownMs = this.lookedMs + SEND_FILE_TIMES_LATE_MS_MAX / 2; // What was rotated away before is not asked for.
  }

  /** For the position file. */
  get pathPosition(): PathPosition {
    return { path: this.path, knownMs: this.knownMs };
  }

  /** For the position file, of each file of which not everything is done. */
  get filePositions(): FilePosition[] {
    return this.files.map((file) => file.filePosition);
  }

  /** Whether something is held that is to be sent before long. */
  get isHolding(): boolean {
    return this.files.some((file) => !file.isOver && file.isHolding);
  }

  /** Goes on where an earlier call has ended. @throws CommandFailure where that call read the lines in another way. */
  async resume({ files, paths }: Positions): Promise<void> {
    this.knownMs = paths.find(({ path }) => path === this.path)?.knownMs ?? this.knownMs;
    this.lookedMs = this.knownMs;
    for (const before of files.filter(({ path }) => path === this.path)) await this.resumeFile(before);
    await this.openRotated();
    await this.look();
    await this.parts.savePosition(this.path); // From now on nothing that this path names may be missed.
    if (this.files.length === 0) this.say(`${this.path}: there is no such file yet; waiting for it`);
  }

  /** Looks which file the path names now. Not while another look goes on. */
  async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      await this.lookNow();
      this.trouble = "";
    } catch (reason) {
      this.sayTrouble(`${this.path} cannot be read: ${systemText(reason)}`);
    } finally {
      this.isLooking = false;
    }
  }

  /** Reads a piece, the oldest file first, and sends what is to be sent. Resolves to whether there was anything to read. */
  async readOn(): Promise<boolean> {
    for (const file of this.files) {
      if (file.isOver) continue;
      const { lookedMs } = this;
      const outcome = await file.readOn();
      if (outcome !== "written anew" && file === this.current) this.knownMs = lookedMs;
      if (outcome === "more") return true;
      if (outcome === "written anew") {
        await this.leave(file);
        return true;
      }
      await file.sendDue();
      if (file.isRotated && file.quietMs > SEND_ROTATED_MS_MAX) await file.finish();
    }
    await this.dropDone();
    return false;
  }

  /** Sends what can be sent, reads no more. Resolves to how many lines were read that the next call reads again. */
  async stop(): Promise<number> {
    let lines = 0;
    for (const file of this.files) lines += await file.stop();
    return lines;
  }

  async close(): Promise<void> {
    for (const file of this.files) await file.close();
  }

  private get current(): FollowedFile | undefined {
    return this.files.findLast(({ isRotated, isOver }) => !isRotated && !isOver);
  }

  private async lookNow(): Promise<void> {
    const stats = await statsOf(this.path);
    const { current } = this;
    if (!current && !stats) return;
    if (current && stats && isSameFile(fileNumber(stats), current.number)) {
      this.lookedMs = this.parts.context.nowMs;
      return;
    }
    const opened = stats && (await openFollowed(this.path));
    if (current) {
      current.isRotated = true;
      this.say(
        `${this.path}: it was ${opened ? "rotated; going on with the new file" : "moved away; waiting for a new file"}`,
      );
    }
    const known = opened && this.files.find((file) => !file.isOver && isSameFile(file.number, opened.number));
    if (known) {
      known.isRotated = false; // It was moved back.
      await opened.handle.close();
    } else if (opened) {
      await this.openRotated(opened); // There may have been others since.
      this.begin(opened);
      this.lookedMs = this.parts.context.nowMs;
      await this.parts.savePosition(this.path); // It may be rotated away while nobody follows.
    }
  }

  /** What was read is gone from the file: it was cut to nothing, maybe behind a copy of it that has more than was read. */
  private async leave(file: FollowedFile): Promise<void> {
    const copy = await findCopy(file, file.bytesRead, this.knownMs - SEND_FILE_TIMES_LATE_MS_MAX);
    const rest = copy
      ? `its rest is read from ${copy.path}`
      : "what was added to it just before, if anything, is not sent";
    this.say(`${this.path}: it was cut or written over; reading it from its beginning; ${rest}`);
    if (copy) await file.goOnWith(copy);
    else await file.finish();
  }

  private begin(opened: OpenedFile): void {
    const format = this.parts.format ?? this.files.at(-1)?.format; // Those of one path are written alike.
    const position = { offset: 0, lines: 0, memory: [], producer: newProducer(this.parts.context.nowMs), seq: 0 };
    this.files.push(new FollowedFile(this.parts, { ...opened, path: this.path }, { position, marks: [], format }));
  }

  private async resumeFile(before: FilePosition): Promise<void> {
    this.requireSameReading(before);
    const { offset } = before.position;
    const opened =
      (await findFollowed(before)) ?? (await findCopy(before, offset, this.knownMs - SEND_FILE_TIMES_LATE_MS_MAX));
    if (opened === undefined) {
      this.say(
        `${this.path}: the file that was acknowledged up to byte ${offset} is gone; what it had behind that, if anything, is not sent`,
      );
      return;
    }
    const format = before.format ?? this.parts.format;
    const file = new FollowedFile(
      this.parts,
      { ...opened, path: this.path },
      { ...this.withNewProducer(before), format },
    );
    file.isRotated = opened.path !== this.path;
    this.say(`${opened.path}: going on behind line ${fullCountText(before.position.lines)}`);
    this.files.push(file);
  }

  /** A server refuses producers that are older than what it keeps. What was sent and not acknowledged so long ago may be sent twice. */
  private withNewProducer(before: FilePosition): FilePosition {
    const { nowMs } = this.parts.context;
    if (nowMs - producerTimeMs(before.position.producer) <= SEND_PRODUCER_LATE_MS_MAX) return before;
    return {
      ...before,
      position: { ...before.position, producer: newProducer(nowMs), seq: 0 },
      marks: before.marks.map(({ offset }) => ({ offset })),
    };
  }

  /**
   * Files that came and went while nobody looked, but for copies of those that are known. `next`: which the path names now.
   */
  private async openRotated(next?: OpenedFile): Promise<void> {
    const known = [...this.files, ...(next ? [next] : [])].map(({ number }) => number);
    const isKnown = (number: FileNumber) => known.some((each) => isSameFile(each, number));
    const sinceMs = this.knownMs - SEND_FILE_TIMES_LATE_MS_MAX;
    const { opened, problems } = await openRotatedSince(this.path, sinceMs, isKnown);
    for (const problem of problems) this.say(problem);
    for (const file of opened) await this.takeRotated(file);
  }

  private async takeRotated(opened: OpenedFile): Promise<void> {
    const { path, head } = opened;
    const isRead = [...this.files, ...this.dropped].some((file) => hasAllOf(file, opened));
    if (isRead || beginsAsGzip(head)) {
      await opened.handle.close();
      if (!isRead) this.say(`${path} was rotated and packed before it was seen; logpulse send ${path} sends it`);
      return;
    }
    this.say(`${path} was rotated before it was seen: sending it`);
    this.begin(opened);
    this.files.at(-1)!.isRotated = true;
  }

  private requireSameReading(before: FilePosition): void {
    const { strict, context, format } = this.parts;
    const isSame = before.service === context.service && before.strict === strict;
    if (isSame && (format === undefined || before.format === undefined || before.format === format)) return;
    const options = `-s ${before.service} --format ${before.format ?? "auto"}${before.strict ? " --strict" : ""}`;
    throw new CommandFailure(
      EXIT.usage,
      `${this.path} was followed with ${options} so far: what is not acknowledged has to be sent as it was`,
      "Go on with the same; or give another --position-file, and the file is sent from its beginning.",
    );
  }

  /** Those of which nothing more will come, when all of it is acknowledged. */
  private async dropDone(): Promise<void> {
    const done = this.files.filter((file) => file.isOver && file.isSettled);
    // While the path names no file, those before are known: openRotated would take them for others.
    if (done.length === 0 || this.current === undefined) return;
    this.files = this.files.filter((file) => !done.includes(file));
    this.dropped.push(...done.map(({ number, fingerprint, bytesRead }) => ({ number, fingerprint, bytesRead })));
    this.dropped.splice(0, this.dropped.length - SEND_FILES_REMEMBERED_MAX);
    for (const file of done) await file.close();
    await this.parts.savePosition(this.path);
  }

  private sayTrouble(text: string): void {
    if (text !== this.trouble) this.say(text);
    this.trouble = text;
  }
}
