import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { DeadLetterSchema } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { deadLetterTableContract } from "../../ports/dead-letter-table.contract.ts";
import { ManualClock } from "../../ports/manual-clock.ts";
import { MemoryDeadLetterTable } from "./dead-letter-table.ts";

deadLetterTableContract("memory", async () => {
  const clock = new ManualClock();
  const table = new MemoryDeadLetterTable(clock, 64 * 1024 * 1024);
  return { table, pass: (ms) => clock.pass(ms), close: async () => undefined };
});

it("rejects what finds no room, rather than forget; forgetting makes room", async () => {
  const clock = new ManualClock();
  const table = new MemoryDeadLetterTable(clock, 3_500);
  const letter = (id: string) => create(DeadLetterSchema, { id, original: new Uint8Array(1_000) });
  expect(await table.fill([letter("a"), letter("b")])).toBe(2);
  expect(await table.fill([letter("a"), letter("b")])).toBe(0);
  await expect(table.fill([letter("c")])).rejects.toMatchObject({ kind: "store_unavailable" });
  expect(table.all().map(({ id }) => id)).toEqual(["a", "b"]);
  await clock.pass(1);
  expect(await table.forgetBefore(clock.nowMs())).toBe(2);
  expect(await table.fill([letter("c")])).toBe(1);
});

it("keeps no batch in memory for the sake of one record of it", async () => {
  const table = new MemoryDeadLetterTable(new ManualClock());
  const batch = new Uint8Array(1_000_000);
  await table.fill([create(DeadLetterSchema, { id: "a", original: batch.subarray(10, 20) })]);
  expect(table.all()[0]!.original.buffer.byteLength).toBe(10);
});
