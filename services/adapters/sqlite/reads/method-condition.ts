import type { DatabaseSync } from "node:sqlite";

/** Gives a connection the function that METHOD_LOWER needs. */
export function registerMethodFunction(database: DatabaseSync): void {
  database.function("lower_case", { deterministic: true }, (bytes) =>
    Buffer.from(bytes as Uint8Array)
      .toString()
      .toLowerCase(),
  );
}

const IS_ASCII = "length(CAST(method AS TEXT)) = length(method)";

/**
 * The UTF-8 bytes of the column `method` in lower case, as JavaScript has it; NULL where that is. SQLite's own `lower`
 * knows ASCII only, in a tenth of the time: so it does where there is nothing else, which is where a text has as many
 * characters (up to a NUL) as bytes.
 */
export const METHOD_LOWER =
  `CASE WHEN method IS NULL THEN NULL WHEN ${IS_ASCII} THEN CAST(lower(method) AS BLOB) ` +
  "ELSE CAST(lower_case(method) AS BLOB) END";
