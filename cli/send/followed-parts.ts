import type { LineContext, LineFormatName } from "../../services/domain/lines/line-format.ts";
import { CommandFailure } from "../exit-code.ts";
import type { FollowedFile } from "./followed-file.ts";
import type { FilePosition } from "./position-file.ts";
import type { SourceBatch, SourceEvents } from "./source-batches.ts";

/** What all followed files of a call share. */
export interface FollowedParts {
  /** Its `nowMs` is kept up to date. */
  context: LineContext;
  /** By its name: the one of its `offsetMinutes`. */
  zone: string;
  /** Undefined: it is chosen by the first lines. */
  format: LineFormatName | undefined;
  strict: boolean;
  recordsPerBatch: number;
  eventsOf: (name: string) => SourceEvents;
  /** Resolves when there is room for more; `file` is told when the batch is acknowledged. */
  send: (batch: SourceBatch, file: FollowedFile) => Promise<void>;
  /** Resolves when the position of the file at that path is on the disk, as it is now. */
  savePosition: (path: string) => Promise<void>;
  /** To people. */
  say: (text: string) => void;
}

/** Where reading begins, and how. */
export interface ReadingStart extends Pick<FilePosition, "position" | "marks" | "format"> {
  /** What an earlier call has sent, and what may not have been acknowledged, lies before this offset. */
  inDoubtEnd: number;
}

/** A file that cannot be followed, whatever is done. */
export class NotFollowable extends CommandFailure {}
