import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { DeadLetterSchema } from "../../../../gen/logpulse/v1/dead_letter_pb.ts";
import { DEAD_LETTER_BYTES_MAX } from "../../../domain/limits.ts";
import { deadLetterTableContract } from "../../../ports/dead-letter-table.contract.ts";
import { deadLettersContract } from "../../../ports/dead-letters.contract.ts";
import { ManualClock } from "../../../ports/manual-clock.ts";
import { SqliteDeadLetterTable } from "./dead-letter-table.ts";
import { SqliteDeadLetters } from "./dead-letters.ts";
import { makeTestFile } from "./store-rows.fixture.ts";
import { StoreTables } from "./store-tables.ts";

function makeTable() {
  const file = makeTestFile();
  const clock = new ManualClock();
  const tables = new StoreTables(file.database);
  const table = new SqliteDeadLetterTable(tables, clock);
  return { file, clock, tables, table, close: async () => file.remove() };
}

deadLetterTableContract("sqlite", async () => {
  const { table, clock, close } = makeTable();
  return { table, pass: (ms) => clock.pass(ms), close };
});

deadLettersContract("sqlite", async () => {
  const { table, clock, tables, close } = makeTable();
  await table.prepare();
  const page = { limit: 10_000, originalBytesMax: DEAD_LETTER_BYTES_MAX };
  const kept = async () => {
    const letters = new Map<string, Awaited<ReturnType<typeof table.list>>[number]>();
    for (const tenant of ["default", "another"]) {
      for (let after: { listedMs: number; key: string } | undefined; ; ) {
        const found = await table.list({ tenant }, { ...page, ...(after && { after }) });
        if (found.length === 0) break;
        for (const one of found) letters.set(one.key, one);
        after = found.at(-1);
      }
    }
    return [...letters.values()].map(({ letter }) => ({ ...letter, original: Buffer.from(letter.original) }));
  };
  return { deadLetters: new SqliteDeadLetters(tables, clock), kept, close };
});

describe("dead letters in SQLite", () => {
  it("are not kept where the file cannot be written, and the caller is told", async () => {
    const { tables, clock, table, file } = makeTable();
    await table.prepare();
    const deadLetters = new SqliteDeadLetters(tables, clock);
    file.database.exec("PRAGMA query_only = 1");
    const letter = create(DeadLetterSchema, { store: "sqlite", id: "a", reason: "conflict" });
    await expect(deadLetters.keep([letter])).rejects.toMatchObject({ kind: "log_unavailable" });
    file.database.exec("PRAGMA query_only = 0");
    await deadLetters.keep([letter]);
    expect(await table.count({ tenant: "" })).toBe(1);
    file.remove();
  });

  it("are forgotten a few at a time, until the caller has gone", async () => {
    const { table, clock, file } = makeTable();
    await table.prepare();
    const letters = Array.from({ length: 1_200 }, (_, at) =>
      create(DeadLetterSchema, { store: "sqlite", id: `${at}`, reason: "conflict" }),
    );
    await table.fill(letters);
    await clock.pass(1);
    const caller = new AbortController();
    const forgetting = table.forgetBefore(clock.nowMs(), caller.signal);
    caller.abort();
    await expect(forgetting).rejects.toMatchObject({ kind: "cancelled" });
    expect(await table.count({ tenant: "" })).toBe(700);
    expect(await table.forgetBefore(clock.nowMs(), new AbortController().signal)).toBe(700);
    file.remove();
  });
});
