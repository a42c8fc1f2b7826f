import { SEND_FILE_TIMES_LATE_MS_MAX, SEND_ROTATED_MS_MAX } from "../../services/domain/limits.ts";
import { CommandFailure } from "../exit-code.ts";
import { fullCountText } from "../terminal/number-text.ts";
import { systemText } from "./byte-source.ts";
import { withoutCopies } from "./file-copies.ts";
import { fileNumber, isSameFile } from "./file-identity.ts";
import { findCopy, findFollowed, openRotatedSince } from "./find-file.ts";
import { FollowedFile, type ReadOutcome } from "./followed-file.ts";
import type { FollowedParts, ReadingStart } from "./followed-parts.ts";
import { beginsAsGzip, inflatedHead } from "./gunzip-chunks.ts";
import { isCopy, LeftFiles } from "./left-files.ts";
import { type OpenedFile, openFollowed, statsOf } from "./opened-file.ts";
import type { FilePosition, Positions } from "./position-file.ts";
import { startFrom, startOfNew } from "./reading-start.ts";
import { requireSameReading } from "./same-reading.ts";
import { Trouble } from "./trouble.ts";

/**
 * A path that is followed, with all files that it names in the course of time: the old one is read to its end when it is
 * rotated away, and a little longer, since programs notice that late; a new one is read from its beginning.
 */
export class FollowedPath {
  readonly path: string;
  private readonly parts: FollowedParts;
  private readonly looking: Trouble;
  private before: Positions = { paths: [], files: [] };
  private hasResumed = false;
  private files: FollowedFile[] = []; // The oldest first.
  private readonly left = new LeftFiles();
  private isLooking = false;
  private lookedMs: number; // When the path last named the current file.
  private knownMs: number; // The same, and that file was as we know it.

  /** `path`: absolute. */
  constructor(path: string, parts: FollowedParts) {
    this.path = path;
    this.parts = parts;
    this.looking = new Trouble(parts.say);
    this.lookedMs = parts.context.nowMs;
    this.knownMs = this.lookedMs + SEND_FILE_TIMES_LATE_MS_MAX / 2; // What was rotated away before is not asked for.
  }

  /** For the position file: what stood in it before, until it is known what became of that. */
  get positions(): Positions {
    if (!this.hasResumed) return this.before;
    const files = this.files.map((file) => file.filePosition);
    return { paths: [{ path: this.path, knownMs: this.knownMs }], files: [...this.left.noted, ...files] };
  }

  /** Whether something is held that is to be sent before long. */
  get isHolding(): boolean {
    return this.files.some((file) => !file.isOver && file.isHolding);
  }

  /** What the position file holds. To be told before anybody asks for `positions`. */
  remember({ paths, files }: Positions): void {
    const isOurs = ({ path }: { path: string }) => path === this.path;
    this.before = { paths: paths.filter(isOurs), files: files.filter(isOurs) };
  }

  /** @throws CommandFailure where an earlier call has read the lines in another way. */
  requireSameReading(): void {
    for (const each of this.before.files) requireSameReading(each, this.parts);
  }

  /** Goes on where an earlier call has ended; where that cannot be looked at now, with a later look. @throws as `look`. */
  async resume(): Promise<void> {
    const { paths, files } = this.before;
    for (const each of files) this.left.add(each);
    this.knownMs = paths[0]?.knownMs ?? this.knownMs;
    this.lookedMs = this.knownMs;
    await this.look();
    if (this.hasResumed && this.files.length === 0)
      this.parts.say(`${this.path}: there is no such file yet; waiting for it`);
  }

  /**
   * Looks which file the path names now. Not while another look goes on. What cannot be looked at is told, and looked at
   * the next time.
   *
   * @throws CommandFailure as `savePosition`.
   */
  async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      await this.lookNow();
      this.looking.end();
    } catch (reason) {
      if (reason instanceof CommandFailure) throw reason;
      this.looking.tell(`${this.path} cannot be read: ${systemText(reason)}; trying again`);
    } finally {
      this.isLooking = false;
    }
  }

  /**
   * Reads a piece, the oldest file first, and sends what is to be sent. Resolves to whether there was anything to read.
   *
   * @throws NotFollowable where the path names a file that cannot be followed; what `send` throws.
   */
  async readOn(): Promise<boolean> {
    if (!this.hasResumed) return false; // Its positions could not be noted.
    for (const file of this.files) {
      if (file.isOver) continue;
      const { lookedMs } = this;
      const outcome = await this.read(file);
      if ((outcome === "more" || outcome === "end") && file === this.current) this.knownMs = lookedMs;
      if (outcome === "more" || outcome === "written anew") return true;
      await file.sendDue();
      // While the path names no file, this one may be moved back.
      if (file.isRotated && file.quietMs > SEND_ROTATED_MS_MAX && this.current) await file.finish();
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
    const number = stats && fileNumber(stats);
    const { current } = this;
    if (number && current && isSameFile(number, current.number)) {
      this.lookedMs = this.parts.context.nowMs;
      return;
    }
    // One that was read to its end and is back goes on when everything of it is acknowledged.
    const isWaitedFor =
      number !== undefined && this.files.some((file) => file.isOver && isSameFile(file.number, number));
    const opened = number && !isWaitedFor ? await openFollowed(this.path) : undefined;
    if (current) {
      current.isRotated = true;
      const text = opened || isWaitedFor ? "rotated; going on with the new file" : "moved away; waiting for a new file";
      this.parts.say(`${this.path}: it was ${text}`);
    }
    if (!opened && this.hasResumed) return;
    try {
      await this.goOnWithAll(opened);
    } finally {
      if (opened && !this.files.some((file) => file.isReading(opened))) await opened.handle.close();
    }
  }

  /** Reads what the path names now, and what came and went while nobody looked. */
  private async goOnWithAll(opened: OpenedFile | undefined): Promise<void> {
    const isOpened = (file: FollowedFile) => !file.isOver && opened && isSameFile(file.number, opened.number);
    const known = this.files.find(isOpened);
    if (known) {
      known.isRotated = false; // It was moved back.
    } else {
      const { found, problems } = await findFollowed(this.path, this.left.all);
      for (const problem of problems) this.parts.say(problem);
      for (const file of found) this.goOn(file.before, file.opened);
      await this.openRotated(opened);
      this.tellMissing();
      if (opened && !this.files.some(isOpened)) this.begin(opened);
    }
    if (opened) this.lookedMs = this.parts.context.nowMs;
    this.hasResumed = true;
    await this.parts.savePosition(this.path); // From now on nothing may be missed, though nobody follows.
  }

  /** What cannot be read is told, and opened again, by whatever name it is found. */
  private async read(file: FollowedFile): Promise<ReadOutcome | "trouble"> {
    try {
      const outcome = await file.readOn();
      if (outcome === "written anew") await this.leave(file);
      file.trouble.end();
      return outcome;
    } catch (reason) {
      if (!isOfSystem(reason)) throw reason;
      file.trouble.tell(`${this.path} cannot be read any further: ${systemText(reason)}; trying again`);
      const { found } = await findFollowed(this.path, [file.place]).catch(() => ({ found: [] })); // `look` tells it.
      if (found[0]) await file.goOnWith(found[0].opened);
      return "trouble";
    }
  }

  /** What was read is gone from the file: it was cut to nothing, maybe behind a copy of it that has more than was read. */
  private async leave(file: FollowedFile): Promise<void> {
    const copy = await findCopy(file, file.bytesRead, this.knownMs - SEND_FILE_TIMES_LATE_MS_MAX);
    const rest = copy
      ? `its rest is read from ${copy.path}`
      : "what was added to it just before, if anything, is not sent";
    this.parts.say(`${this.path}: it was cut or written over; reading it from its beginning; ${rest}`);
    if (!copy) return file.finishWrittenOver();
    const gone = file.goOnWith(copy);
    file.isRotated = true;
    await gone;
  }

  private begin(opened: OpenedFile): FollowedFile {
    const format = this.parts.format ?? this.files.at(-1)?.format ?? this.left.lastFormat; // Those of one path are written alike.
    return this.add(opened, startOfNew(format, this.parts.context.nowMs));
  }

  private goOn(before: FilePosition, opened: OpenedFile): void {
    this.left.remove(before);
    this.parts.say(`${opened.path}: going on behind line ${fullCountText(before.position.lines)}`);
    const start = startFrom(before, opened, this.parts.context.nowMs);
    const file = this.add(opened, { ...start, format: start.format ?? this.parts.format });
    file.isRotated = opened.path !== this.path;
  }

  private add(opened: OpenedFile, start: ReadingStart): FollowedFile {
    const file = new FollowedFile(this.parts, { ...opened, path: this.path }, start);
    this.files.push(file);
    return file;
  }

  /** Of an earlier call, and not found at first. It may come back: a folder of another machine is there later. */
  private tellMissing(): void {
    for (const file of this.left.unread) {
      if (file.left === "missing") continue;
      this.left.remove(file);
      if (file.fingerprint.bytes === 0) continue; // It was empty.
      this.left.add({ ...file, left: "missing" });
      this.parts.say(
        `${this.path}: the file that was acknowledged up to byte ${file.position.offset} is gone; what it had behind that, if anything, is not sent`,
      );
    }
  }

  /**
   * Files that came and went while nobody looked, but for copies of those that are known. `next`: which the path names now.
   */
  private async openRotated(next: OpenedFile | undefined): Promise<void> {
    const known = [...this.files, ...(next ? [next] : [])].map(({ number }) => number);
    const sinceMs = this.knownMs - SEND_FILE_TIMES_LATE_MS_MAX;
    const { opened, problems } = await openRotatedSince(this.path, sinceMs, (number) =>
      known.some((each) => isSameFile(each, number)),
    );
    for (const problem of problems) this.parts.say(problem);
    for (const file of await withoutCopies(opened, next)) {
      await this.takeRotated(file).catch(async (reason) => {
        if (!isOfSystem(reason)) throw reason;
        this.parts.say(`${file.path} cannot be read: ${systemText(reason)}`);
        await file.handle.close();
      });
    }
  }

  private async takeRotated(opened: OpenedFile): Promise<void> {
    const { path, head } = opened;
    const before = this.left.copiedIn(opened);
    if (before) return this.goOn(before, opened);
    const isPacked = beginsAsGzip(head);
    const isRead = isPacked ? this.beganWith(await inflatedHead(opened.handle)) : await this.hasAllOf(opened);
    if (isPacked || isRead) await opened.handle.close();
    if (isRead) return;
    if (isPacked)
      return this.parts.say(`${path} was rotated and packed before it was seen; logpulse send ${path} sends it`);
    this.parts.say(`${path} was rotated before it was seen: sending it`);
    this.begin(opened).isRotated = true;
  }

  /** Whether it is a copy of a file that is read, or was read as far. */
  private async hasAllOf(opened: OpenedFile): Promise<boolean> {
    for (const file of this.files) if (await file.hasAllOf(opened)) return true;
    return this.left.haveAllOf(opened);
  }

  private beganWith(head: Buffer): boolean {
    return this.left.beganWith(head) || this.files.some((file) => isCopy(head, file));
  }

  /** Those of which nothing more will come, when all of it is acknowledged. */
  private async dropDone(): Promise<void> {
    const done = this.files.filter((file) => file.isOver && file.isSettled);
    if (done.length === 0) return;
    this.files = this.files.filter((file) => !done.includes(file));
    for (const file of done) {
      this.left.add({ ...file.filePosition, left: file.trouble.isOn ? "missing" : "done" });
      if (file.trouble.isOn)
        this.parts.say(`${this.path}: the rest of the old file is not sent, since it cannot be read`);
      await file.close();
    }
    await this.parts.savePosition(this.path);
  }
}

function isOfSystem(reason: unknown): boolean {
  return reason instanceof Error && "syscall" in reason;
}
