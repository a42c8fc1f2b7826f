import { type ErrorKind, LogPulseError } from "../../domain/errors.ts";

/** An error of node:sqlite. */
interface SqliteError extends Error {
  code: "ERR_SQLITE_ERROR";
  /** SQLite's extended result code: the primary one is in its low 8 bits. */
  errcode: number;
  errstr: string;
}

/** Primary result codes, https://www.sqlite.org/rescode.html. */
const BUSY = 5;
const NO_MEMORY = 7;
const READ_ONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANNOT_OPEN = 14;
const NOT_A_DATABASE = 26;

/** What may pass later, without anybody changing this program. */
const PASSING: readonly number[] = [BUSY, NO_MEMORY, READ_ONLY, IO_ERROR, FULL, CANNOT_OPEN];

/** True where a file is not what SQLite wrote: no retry will mend it. Also as a `cause`. */
export function isDamage(reason: unknown): boolean {
  const code = primaryCode(reason instanceof LogPulseError ? reason.cause : reason);
  return code === CORRUPT || code === NOT_A_DATABASE;
}

/** True where there was no room on the disk. Also as a `cause`. */
export function isDiskFull(reason: unknown): boolean {
  return primaryCode(reason instanceof LogPulseError ? reason.cause : reason) === FULL;
}

/** What a failure of the log's file means, as a kind of ours. */
export function toLogError(reason: unknown): LogPulseError {
  return toError(reason, "log_unavailable", "the log's file");
}

/** What a failure of the store's file means, as a kind of ours. */
export function toStoreError(reason: unknown): LogPulseError {
  return toError(reason, "store_unavailable", "the store's file");
}

function toError(reason: unknown, unavailable: ErrorKind, file: string): LogPulseError {
  if (reason instanceof LogPulseError) return reason;
  const code = primaryCode(reason);
  if (code === undefined) return new LogPulseError("bug", `a request to ${file} failed`, { cause: reason });
  const { errcode, errstr } = reason as SqliteError;
  if (code === FULL)
    return new LogPulseError(unavailable, `there is no room on the disk for ${file}`, { cause: reason });
  if (isDamage(reason))
    return new LogPulseError(unavailable, `${file} is damaged (SQLite ${errcode})`, { cause: reason });
  const kind = PASSING.includes(code) ? unavailable : "bug";
  return new LogPulseError(kind, `SQLite answered ${errcode} (${errstr}) for ${file}`, { cause: reason });
}

function primaryCode(reason: unknown): number | undefined {
  if (!(reason instanceof Error) || !("errcode" in reason) || typeof reason.errcode !== "number") return undefined;
  return reason.errcode & 0xff;
}
