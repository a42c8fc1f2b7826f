import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { DeadLetterSchema } from "../../../gen/logpulse/v1/dead_letter_pb.ts";
import { isKind } from "../../domain/errors.ts";
import { deadLettersContract } from "../../ports/dead-letters.contract.ts";
import { MemoryDeadLetters } from "./dead-letters.ts";

deadLettersContract("memory", async () => {
  const deadLetters = new MemoryDeadLetters();
  return { deadLetters, kept: async () => deadLetters.all(), close: async () => undefined };
});

it("refuses what finds no room, and takes a letter it has already", async () => {
  const letter = (id: string) => create(DeadLetterSchema, { id, original: new Uint8Array(1_000) });
  const deadLetters = new MemoryDeadLetters(2_000);
  await deadLetters.keep([letter("a")]);
  await deadLetters.keep([letter("a")]);
  const reason = await deadLetters.keep([letter("b")]).catch((error: unknown) => error);
  expect(isKind(reason, "log_unavailable")).toBe(true);
  expect(deadLetters.all().map(({ id }) => id)).toEqual(["a"]);
});
