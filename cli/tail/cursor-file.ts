import { readFileSync } from "node:fs";
import { ConnectError } from "@connectrpc/connect";
import { TAIL_CURSOR_CHARACTERS_MAX } from "../../services/domain/limits.ts";
import { serverWords } from "../call-failure.ts";
import { CommandFailure, EXIT } from "../exit-code.ts";
import { replaceFile } from "../replace-file.ts";
import type { LogPlace } from "./log-tail.ts";

/** A file with the cursor behind everything that was shown. It is replaced at once: it never holds half a cursor. */
export class CursorFile {
  private readonly path: string;
  private written = "";

  constructor(path: string) {
    this.path = path;
  }

  /** Undefined where there is no such file yet. @throws CommandFailure where it holds no cursor or cannot be read. */
  read(): LogPlace | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, "utf8");
    } catch (reason) {
      if ((reason as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new CommandFailure(EXIT.usage, `the cursor file cannot be read: ${(reason as Error).message}`);
    }
    const cursor = text.trim();
    const isCursor = cursor !== "" && cursor.length <= TAIL_CURSOR_CHARACTERS_MAX && !/\s/.test(cursor);
    if (!isCursor) throw this.notACursor("it is not what logpulse tail writes");
    this.written = cursor;
    return { cursor };
  }

  /** @throws CommandFailure */
  write(cursor: string): void {
    if (cursor === this.written) return;
    try {
      replaceFile(this.path, `${cursor}\n`);
    } catch (reason) {
      throw new CommandFailure(EXIT.failed, `the cursor file cannot be written: ${(reason as Error).message}`);
    }
    this.written = cursor;
  }

  /** The failure that names the file, where the server does not take the cursor in it. */
  failureOf(reason: unknown): CommandFailure | undefined {
    if (!(reason instanceof ConnectError) || serverWords(reason)?.metadata.field !== "cursor") return undefined;
    return this.notACursor(reason.rawMessage);
  }

  private notACursor(why: string): CommandFailure {
    return new CommandFailure(
      EXIT.usage,
      `the cursor file ${this.path} does not fit: ${why}`,
      "Without the file, the tail begins with --since, or with what comes now.",
    );
  }
}
