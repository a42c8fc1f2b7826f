import { resolve } from "node:path";
import { Bell } from "../../services/domain/bell.ts";
import { SEND_LOOK_EVERY_MS } from "../../services/domain/limits.ts";
import type { CommandContext } from "../command.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { FolderWatch } from "./folder-watch.ts";
import type { FollowedFile } from "./followed-file.ts";
import { type FollowedParts, NotFollowable } from "./followed-parts.ts";
import { FollowedPath } from "./followed-path.ts";
import { FollowedPositions } from "./followed-positions.ts";
import { lineContext, zoneOfLines } from "./line-context.ts";
import { statsOf } from "./opened-file.ts";
import type { SendOptions } from "./send-options.ts";
import { SendSession } from "./send-session.ts";
import type { SourceBatch } from "./source-batches.ts";

const HELD_LOOK_MS = 50; // While something is to be sent before long.

/** Sends what is in files and what is added to them, until it is interrupted; goes on where an earlier call has ended. */
export async function followFiles(options: SendOptions, context: CommandContext): Promise<ExitCode> {
  const paths = [...new Set(options.sources.map((path) => resolve(path)))];
  for (const path of paths) await requireFile(path);
  const run = new FollowRun(paths, options, context);
  try {
    return await run.run();
  } finally {
    await run.end();
  }
}

/** It need not be there yet. */
async function requireFile(path: string): Promise<void> {
  const stats = await statsOf(path).catch(() => undefined); // It is told when it is opened.
  if (stats && !stats.isFile()) throw new CommandFailure(EXIT.usage, `${path} is no file, so it cannot be followed`);
}

class FollowRun {
  private readonly context: CommandContext;
  private readonly lines: FollowedParts["context"];
  private readonly session: SendSession;
  private readonly paths: readonly FollowedPath[];
  private readonly followed: Set<FollowedPath>; // But for those that name what cannot be followed.
  private readonly positions: FollowedPositions;
  private readonly fileOf = new Map<SourceBatch, FollowedFile>(); // Of what is on its way.
  private readonly news = new Bell();
  private readonly looks = new Set<Promise<void>>(); // That go on.
  private failure: { reason: unknown } | undefined; // Of a look.

  constructor(paths: readonly string[], options: SendOptions, context: CommandContext) {
    this.context = context;
    this.lines = lineContext(options.service, context);
    this.session = new SendSession(context, {
      silence: { firstAnswerMsMax: options.timeoutMs, silentMsMax: options.timeoutMs },
      tellsProgress: false,
      shareRead: () => undefined,
      onSettled: (batch) => this.settle(batch),
    });
    const say = (text: string) => this.session.say(text);
    const parts: FollowedParts = {
      context: this.lines,
      zone: zoneOfLines(context),
      format: options.format,
      strict: options.strict,
      recordsPerBatch: options.recordsPerBatch,
      eventsOf: (name) => this.session.eventsOf(name),
      send: (batch, file) => this.send(batch, file),
      savePosition: (path) => this.positions.saveSurely(path),
      say,
    };
    this.paths = paths.map((path) => new FollowedPath(path, parts));
    this.followed = new Set(this.paths);
    this.positions = new FollowedPositions(this.paths, options.positionFile, context, say);
  }

  run(): Promise<ExitCode> {
    const facts = { sources: this.paths.length, producer: undefined, isRepeatable: false, format: undefined };
    return this.session.run(
      () => this.work(),
      () => facts,
    );
  }

  /** Notes what is acknowledged by now, and lets everything go. */
  async end(): Promise<void> {
    await this.positions.close();
    for (const path of this.paths) await path.close();
  }

  private async work(): Promise<void> {
    const { signal } = this.context;
    for (const path of this.paths) path.requireSameReading(); // All of them, before anything is begun.
    for (const path of this.paths) await path.resume();
    const watches = this.paths.map((path) => new FolderWatch(path.path, () => this.look(path)));
    const timer = setInterval(() => {
      for (const path of this.followed) this.look(path);
    }, SEND_LOOK_EVERY_MS);
    const onAbort = () => this.news.ring();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted && !this.failure) {
        this.lines.nowMs = this.context.nowMs();
        if (!(await this.readRound())) await this.untilNews();
      }
      await Promise.all(this.looks);
      if (this.failure) throw this.failure.reason;
      for (const path of this.paths) this.session.totals.lines -= await path.stop();
    } finally {
      signal.removeEventListener("abort", onAbort);
      clearInterval(timer);
      for (const each of watches) each.close();
    }
  }

  private look(path: FollowedPath): void {
    if (!this.followed.has(path)) return;
    const onFailure = (reason: unknown) => {
      this.failure ??= { reason };
    };
    const look = path
      .look()
      .catch(onFailure)
      .then(() => {
        this.looks.delete(look);
        this.news.ring();
      });
    this.looks.add(look);
  }

  /** Resolves to whether there was anything to read. */
  private async readRound(): Promise<boolean> {
    let hasRead = false;
    for (const path of this.followed) hasRead = (await this.readOn(path)) || hasRead;
    return hasRead;
  }

  /** What cannot be followed ends only its own path. @throws NotFollowable where it was the last one; what `send` throws. */
  private async readOn(path: FollowedPath): Promise<boolean> {
    try {
      return await path.readOn();
    } catch (reason) {
      if (!(reason instanceof NotFollowable) || this.followed.size === 1) throw reason;
      this.followed.delete(path);
      this.session.sayIncomplete(`${reason.message}; going on without it`);
      return false;
    }
  }

  private async untilNews(): Promise<void> {
    const isHolding = [...this.followed].some((path) => path.isHolding);
    const timer = setTimeout(() => this.news.ring(), isHolding ? HELD_LOOK_MS : SEND_LOOK_EVERY_MS);
    await this.news.heard();
    clearTimeout(timer);
  }

  private async send(batch: SourceBatch, file: FollowedFile): Promise<void> {
    this.fileOf.set(batch, file);
    await this.session.delivery.send(batch);
  }

  private settle(batch: SourceBatch): void {
    const file = this.fileOf.get(batch)!;
    this.fileOf.delete(batch);
    file.settle(batch);
    this.positions.saveSoon(file.path);
  }
}
