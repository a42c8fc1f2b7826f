import { appendFileSync, copyFileSync, renameSync, truncateSync, utimesSync } from "node:fs";
import { vi } from "vitest";
import type { FollowedParts } from "./followed-parts.ts";

/** How a log is written to. */
export interface Writing {
  /** The lines are one record. */
  isTrace?: boolean;
  /** A part of a line without a break stands behind them. */
  isPartial?: boolean;
}

/** The real time, and what was passed beside it. Only performance.now() is told to pass: others wait in real time. */
export class WorldClock {
  private passedMs = 0;
  private touches = 0;

  get nowMs(): number {
    return Date.now() + this.passedMs;
  }

  pass(ms: number): void {
    vi.advanceTimersByTime(ms);
    this.passedMs += ms;
  }

  /** Times of files are real ones, unless they are set. No two are the same. */
  touch(path: string): void {
    const seconds = this.nowMs / 1_000 + this.touches++ / 1_000_000;
    utimesSync(path, seconds, seconds);
  }

  contextOf(service: string): FollowedParts["context"] {
    const nowMs = () => this.nowMs;
    return {
      service,
      get nowMs() {
        return nowMs();
      },
      offsetMinutes: () => 0,
    };
  }
}

/** A log, as the program that writes it and those that rotate it know it. */
export class RotatedLog {
  readonly path: string;
  /** What stood in each file when it was rotated away, and what was added to it later. */
  readonly rotated: { path: string; text: string }[] = [];
  /** Of the current file. */
  text = "";
  /** A follower has seen it with something in it. */
  isSeen = false;
  private readonly clock: WorldClock;
  private readonly nextLine: () => number;
  private movedTo: string | undefined;
  private backUps = 0;

  constructor(path: string, clock: WorldClock, nextLine: () => number) {
    this.path = path;
    this.clock = clock;
    this.nextLine = nextLine;
  }

  /** Lines that are not like any other, the first of them after what is left of a line without a break. */
  write(lines: number, { isTrace = false, isPartial = false }: Writing = {}): void {
    const text = this.linesOf(lines, isTrace) + (isPartial ? `INFO part ${this.nextLine()}` : "");
    this.append(this.movedTo ?? this.path, text);
    this.text += text;
  }

  /** Into the file that was rotated away last. */
  writeLate(): void {
    const last = this.rotated.at(-1);
    if (last === undefined) return;
    const text = this.linesOf(1, false);
    this.append(last.path, text);
    last.text += text;
  }

  rotate(how: "rename" | "copy"): void {
    if (this.text === "") return;
    this.moveBack();
    this.isSeen = false;
    const path = `${this.path}.${this.rotated.length + 1}`;
    if (how === "rename") renameSync(this.path, path);
    else {
      this.copyTo(path);
      truncateSync(this.path);
    }
    this.rotated.push({ path, text: this.text });
    this.text = "";
  }

  /** A copy for people, beside the files that were rotated away. Not of a log that is moved away: nobody could tell which is which. */
  backUp(): void {
    if (this.text !== "" && !this.movedTo) this.copyTo(`${this.path}-${++this.backUps}`);
  }

  /** Another name for a while, under which the program goes on writing to it. */
  moveAway(): void {
    if (this.text === "" || this.movedTo || this.backUps > 0) return;
    this.movedTo = `${this.path}-moved`;
    renameSync(this.path, this.movedTo);
  }

  moveBack(): void {
    if (this.movedTo) renameSync(this.movedTo, this.path);
    this.movedTo = undefined;
  }

  /** The file ends within a line, or the last one that was rotated away does, and nothing came behind it. */
  get isUnfinished(): boolean {
    return /[^\n]$/.test(this.text) || (this.text === "" && this.rotated.length > 0);
  }

  get writtenLines(): string[] {
    const texts = [...this.rotated.map(({ text }) => text), this.text];
    return texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
  }

  private copyTo(path: string): void {
    copyFileSync(this.path, path);
    this.clock.touch(path);
  }

  private append(path: string, text: string): void {
    appendFileSync(path, text);
    this.clock.touch(path);
  }

  private linesOf(count: number, isTrace: boolean): string {
    const line = (at: number) => (isTrace && at > 0 ? `\tat line.${this.nextLine()}` : `INFO line ${this.nextLine()}`);
    return Array.from({ length: count }, (_, at) => `${line(at)}\n`).join("");
  }
}
