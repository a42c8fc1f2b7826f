import { describe, expect, it } from "vitest";
import { LogPulseError } from "../../domain/errors.ts";
import { dataErrorOf, isLockConflict, isMissingPartition, toStoreError } from "./errors.ts";

/** An error as mysql2 makes it of the server's answer. */
function serverError(errno: number, code: string, sqlMessage = "said the server"): Error {
  return Object.assign(new Error(sqlMessage), { errno, code, sqlMessage, sql: "INSERT … a secret" });
}

describe("MySQL's errors", () => {
  it("are about the data only where no retry will heal them", () => {
    expect(dataErrorOf(serverError(1406, "ER_DATA_TOO_LONG", "Data too long for column 'service'"))).toEqual({
      reason: "ER_DATA_TOO_LONG",
      detail: "Data too long for column 'service'",
    });
    for (const errno of [1040, 1205, 1213, 1290, 2013, 9999]) {
      expect(dataErrorOf(serverError(errno, "ER_SOME"))).toBeUndefined();
    }
    expect(dataErrorOf(new TypeError("ours"))).toBeUndefined();
  });

  it("become kinds of ours", () => {
    const kinds = [
      serverError(1040, "ER_CON_COUNT_ERROR"),
      serverError(1045, "ER_ACCESS_DENIED_ERROR"),
      serverError(1146, "ER_NO_SUCH_TABLE"),
      serverError(1205, "ER_LOCK_WAIT_TIMEOUT"),
      serverError(1836, "ER_READ_ONLY_MODE"),
      serverError(7777, "ER_NEVER_SEEN"),
      Object.assign(new Error("connect ECONNREFUSED"), { errno: -111, code: "ECONNREFUSED" }),
      Object.assign(new Error("Can't add new command when connection is in closed state"), { fatal: true }),
      new Error("Pool is closed."),
    ].map((reason) => toStoreError(reason).kind);
    expect(new Set(kinds)).toEqual(new Set(["store_unavailable"]));
    expect(toStoreError(serverError(1064, "ER_PARSE_ERROR")).kind).toBe("bug");
    expect(toStoreError(new TypeError("ours")).kind).toBe("bug");
    const ours = new LogPulseError("cancelled", "given up");
    expect(toStoreError(ours)).toBe(ours);
  });

  it("are known for what they are behind a kind of ours", () => {
    expect(isLockConflict(toStoreError(serverError(1213, "ER_LOCK_DEADLOCK")))).toBe(true);
    expect(isLockConflict(toStoreError(serverError(1040, "ER_CON_COUNT_ERROR")))).toBe(false);
    expect(isMissingPartition(toStoreError(serverError(1526, "ER_NO_PARTITION_FOR_GIVEN_VALUE")))).toBe(true);
  });

  it("leave the statement and its records behind", () => {
    const error = toStoreError(serverError(1205, "ER_LOCK_WAIT_TIMEOUT", "x".repeat(100_000)));
    const shown = JSON.stringify([error, { cause: error.cause, message: (error.cause as Error).message }]);
    expect(shown).not.toContain("a secret");
    expect(shown.length).toBeLessThan(3_000);
  });
});
