import { resolve } from "node:path";
import { SEND_POSITION_MS_MIN } from "../../services/domain/limits.ts";
import { pause } from "../call-retries.ts";
import type { CommandContext } from "../command.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import type { FollowedPath } from "./followed-path.ts";
import { PositionFile } from "./position-file.ts";
import { usualPositionPath } from "./position-path.ts";

const SAVE_AGAIN_MS = 1_000;

/** The position files of one call: one for all of its paths where it was named, else one for each. */
export class FollowedPositions {
  private readonly context: CommandContext;
  private readonly say: (text: string) => void;
  private readonly fileOf = new Map<string, PositionFile>(); // By path.
  private readonly dirty = new Set<PositionFile>();
  private readonly timer: NodeJS.Timeout;
  private isInTrouble = false;

  /** The paths remember what stands in them. `named`: the position file that was asked for. @throws CommandFailure as PositionFile. */
  constructor(
    paths: readonly FollowedPath[],
    named: string | undefined,
    context: CommandContext,
    say: (text: string) => void,
  ) {
    this.context = context;
    this.say = say;
    try {
      if (named !== undefined) this.open(resolve(named), paths);
      else for (const path of paths) this.open(this.usualPath(path.path), [path]);
    } catch (reason) {
      this.release();
      throw reason;
    }
    this.timer = setInterval(() => this.saveDirty(), SEND_POSITION_MS_MIN);
  }

  /** Before long. */
  saveSoon(path: string): void {
    this.dirty.add(this.fileOf.get(path)!);
  }

  /**
   * Resolves when the positions of that path are on the disk, as they are now. What goes wrong is told and tried again.
   *
   * @throws CommandFailure where it has not succeeded when everything is to end.
   */
  async saveSurely(path: string): Promise<void> {
    const file = this.fileOf.get(path)!;
    const { signal } = this.context;
    while (!(await this.save(file))) {
      if (signal.aborted)
        throw new CommandFailure(EXIT.interrupted, "interrupted while the position file could not be written");
      await pause(SAVE_AGAIN_MS, signal);
    }
  }

  /** Writes all positions as they are now, and gives the files free. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    for (const file of new Set(this.fileOf.values())) await this.save(file);
    this.release();
  }

  private usualPath(path: string): string {
    return usualPositionPath(this.context.environment, this.context.connection.address, path);
  }

  private open(positionPath: string, paths: readonly FollowedPath[]): void {
    const names = new Set(paths.map(({ path }) => path));
    const isOther = ({ path }: { path: string }) => !names.has(path); // Those stay as they are.
    const file: PositionFile = new PositionFile(positionPath, () => ({
      paths: [...file.before.paths.filter(isOther), ...paths.flatMap(({ positions }) => positions.paths)],
      files: [...file.before.files.filter(isOther), ...paths.flatMap(({ positions }) => positions.files)],
    }));
    for (const path of paths) {
      path.remember(file.before);
      this.fileOf.set(path.path, file);
    }
  }

  private saveDirty(): void {
    for (const file of this.dirty) {
      this.dirty.delete(file);
      void this.save(file).then((isSaved) => {
        if (!isSaved) this.dirty.add(file);
      });
    }
  }

  /** Resolves to whether it is on the disk. People are told once that it is not. */
  private async save(file: PositionFile): Promise<boolean> {
    try {
      await file.save();
      this.isInTrouble = false;
      return true;
    } catch (reason) {
      if (!this.isInTrouble)
        this.say(`the position file cannot be written: ${(reason as Error).message}; trying again`);
      this.isInTrouble = true;
      return false;
    }
  }

  private release(): void {
    for (const file of new Set(this.fileOf.values())) file.release();
  }
}
