import { LogPulseError } from "../../domain/errors.ts";
import { DEAD_LETTER_DETAIL_CHARACTERS_MAX } from "../../domain/limits.ts";

/** How a server error is taken. An errno that is not in the table below is taken as `unavailable`. */
type Meaning =
  /** The values of some row: no retry will heal it. */
  | "data"
  /** Another transaction was in the way: the same transaction may pass at once. */
  | "conflict"
  /** The row's producer day has no partition. */
  | "no_partition"
  /** Our statement is wrong: the same one fails again. */
  | "bug"
  /** Not now: the same may pass later. */
  | "unavailable";

/** https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html; MariaDB has the same numbers below 1900. */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  1048: "data", // ER_BAD_NULL_ERROR
  1118: "data", // ER_TOO_BIG_ROWSIZE
  1264: "data", // ER_WARN_DATA_OUT_OF_RANGE
  1265: "data", // WARN_DATA_TRUNCATED
  1292: "data", // ER_TRUNCATED_WRONG_VALUE
  1300: "data", // ER_INVALID_CHARACTER_STRING
  1366: "data", // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
  1367: "data", // ER_ILLEGAL_VALUE_FOR_TYPE
  1406: "data", // ER_DATA_TOO_LONG
  1690: "data", // ER_DATA_OUT_OF_RANGE
  3988: "data", // ER_IMPOSSIBLE_STRING_CONVERSION
  1205: "conflict", // ER_LOCK_WAIT_TIMEOUT
  1213: "conflict", // ER_LOCK_DEADLOCK
  1526: "no_partition", // ER_NO_PARTITION_FOR_GIVEN_VALUE
  1054: "bug", // ER_BAD_FIELD_ERROR
  1064: "bug", // ER_PARSE_ERROR
  1136: "bug", // ER_WRONG_VALUE_COUNT_ON_ROW
  1210: "bug", // ER_WRONG_ARGUMENTS
  1390: "bug", // ER_PS_MANY_PARAM
};

/** An error of mysql2: of the server (`errno`), of the connection or of the pool. */
interface MysqlError extends Error {
  errno?: number;
  code?: string;
  sqlMessage?: string;
  fatal?: boolean;
}

/** What was wrong with a row, as a short word and a sentence; undefined where the error tells of something else. */
export function dataErrorOf(reason: unknown): { reason: string; detail: string } | undefined {
  if (meaningOf(reason) !== "data") return undefined;
  const { code, sqlMessage } = reason as MysqlError;
  return { reason: code ?? "data_error", detail: sqlMessage ?? "" };
}

/** True where another transaction was in the way (1213, 1205), also as a `cause`. */
export function isLockConflict(reason: unknown): boolean {
  return (
    meaningOf(reason) === "conflict" || (reason instanceof LogPulseError && meaningOf(reason.cause) === "conflict")
  );
}

/** True where a row's day has no partition, also as a `cause`. */
export function isMissingPartition(reason: unknown): boolean {
  const is = (some: unknown) => meaningOf(some) === "no_partition";
  return is(reason) || (reason instanceof LogPulseError && is(reason.cause));
}

/** What a failure means, as a kind of ours. The only place that knows the client's errors. */
export function toStoreError(reason: unknown): LogPulseError {
  if (reason instanceof LogPulseError) return reason;
  if (!isMysqlError(reason)) return new LogPulseError("bug", "a request to MySQL failed", { cause: reason });
  const cause = slim(reason);
  if (reason.errno === undefined || reason.sqlMessage === undefined) {
    return new LogPulseError("store_unavailable", "MySQL cannot be reached", { cause });
  }
  const kind = meaningOf(reason) === "bug" || meaningOf(reason) === "data" ? "bug" : "store_unavailable";
  return new LogPulseError(kind, `MySQL answered ${reason.errno} (${reason.code ?? "no code"})`, { cause });
}

function meaningOf(reason: unknown): Meaning {
  const errno = isMysqlError(reason) ? reason.errno : undefined;
  return (errno !== undefined && MEANINGS[errno]) || "unavailable";
}

/** Node's own bugs (TypeError and so on) have neither code nor fatal; the pool's errors have nothing but their text. */
function isMysqlError(reason: unknown): reason is MysqlError {
  if (!(reason instanceof Error)) return false;
  return "code" in reason || "fatal" in reason || /^(Pool is closed|Queue limit|No connections)/.test(reason.message);
}

/** mysql2's errors hold the whole statement, megabytes of records that no log should print. */
function slim(reason: MysqlError): MysqlError {
  const text = reason.sqlMessage ?? reason.message;
  const error = new Error(`${reason.code ?? reason.name}: ${text.slice(0, DEAD_LETTER_DETAIL_CHARACTERS_MAX)}`);
  return Object.assign(error, { errno: reason.errno, code: reason.code });
}
