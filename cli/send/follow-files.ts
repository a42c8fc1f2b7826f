import { resolve } from "node:path";
import { Bell } from "../../services/domain/bell.ts";
import { SEND_LOOK_EVERY_MS } from "../../services/domain/limits.ts";
import type { CommandContext } from "../command.ts";
import { CommandFailure, EXIT, type ExitCode } from "../exit-code.ts";
import { statsOf } from "./find-file.ts";
import { FolderWatch } from "./folder-watch.ts";
import type { FollowedFile, FollowedParts } from "./followed-file.ts";
import { FollowedPath } from "./followed-path.ts";
import { FollowedPositions } from "./followed-positions.ts";
import { lineContext } from "./line-context.ts";
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
  private readonly positions: FollowedPositions;
  private readonly fileOf = new Map<SourceBatch, FollowedFile>(); // Of what is on its way.
  private readonly news = new Bell();

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
      format: options.format,
      strict: options.strict,
      recordsPerBatch: options.recordsPerBatch,
      eventsOf: (name) => this.session.eventsOf(name),
      send: (batch, file) => this.send(batch, file),
      savePosition: (path) => this.positions.saveSurely(path),
    };
    this.paths = paths.map((path) => new FollowedPath(path, parts, say));
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
    for (const path of this.paths) await path.resume(this.positions.before(path.path));
    const look = (path: FollowedPath) => path.look().then(() => this.news.ring());
    const watches = this.paths.map((path) => new FolderWatch(path.path, () => look(path)));
    const timer = setInterval(() => {
      for (const path of this.paths) void look(path);
    }, SEND_LOOK_EVERY_MS);
    const onAbort = () => this.news.ring();
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted) {
        this.lines.nowMs = this.context.nowMs();
        if (!(await this.readRound())) await this.untilNews();
      }
      for (const path of this.paths) this.session.totals.lines -= await path.stop();
    } finally {
      signal.removeEventListener("abort", onAbort);
      clearInterval(timer);
      for (const each of watches) each.close();
    }
  }

  /** Resolves to whether there was anything to read. */
  private async readRound(): Promise<boolean> {
    let hasRead = false;
    for (const path of this.paths) hasRead = (await path.readOn()) || hasRead;
    return hasRead;
  }

  private async untilNews(): Promise<void> {
    const isHolding = this.paths.some((path) => path.isHolding);
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
