import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { DeadLetterSchema } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { deadLettersContract } from "../../ports/dead-letters.contract.ts";
import { ManualClock } from "../../ports/manual-clock.ts";
import { MemoryDeadLetterTable } from "./dead-letter-table.ts";
import { MemoryDeadLetters } from "./dead-letters.ts";

deadLettersContract("memory", async () => {
  const table = new MemoryDeadLetterTable(new ManualClock());
  return { deadLetters: new MemoryDeadLetters(table), kept: async () => table.all(), close: async () => undefined };
});

it("refuses what finds no room, and takes a letter it has already", async () => {
  const letter = (id: string) => create(DeadLetterSchema, { id, original: new Uint8Array(1_000) });
  const table = new MemoryDeadLetterTable(new ManualClock(), 2_000);
  const deadLetters = new MemoryDeadLetters(table);
  await deadLetters.keep([letter("a")]);
  await deadLetters.keep([letter("a")]);
  await expect(deadLetters.keep([letter("b")])).rejects.toMatchObject({ kind: "log_unavailable" });
  expect(table.all().map(({ id }) => id)).toEqual(["a"]);
});
