import { describe, expect, it } from "vitest";
import { DeadLetterState } from "../../gen/logpulse/v1/admin_service_pb.ts";
import type { CommandContext } from "../command.ts";
import { EXIT } from "../exit-code.ts";
import { letterFilter } from "./letter-filter.ts";

const KEY = "0123456789abcdef".repeat(4);

const read = (words: string[], options: Record<string, string>) =>
  letterFilter({
    words,
    options,
    nowMs: () => Date.UTC(2026, 2, 1),
    terminal: { zone: "utc" },
  } as unknown as CommandContext);

describe("which letters are meant", () => {
  it.each<[string[], Record<string, string>, object]>([
    [[], {}, { store: "", reason: "", id: "", key: "", state: DeadLetterState.OPEN }],
    [["a-1"], {}, { id: "a-1", key: "" }],
    [[KEY], {}, { id: "", key: KEY }],
    [[], { store: "mysql", reason: "conflict", state: "any" }, { store: "mysql", reason: "conflict", state: 0 }],
  ])("%j %j", (words, options, expected) => expect(read(words, options)).toMatchObject(expected));

  // What a script writes whose variable is not set must not mean all of them.
  it.each<[string[], Record<string, string>, string]>([
    [[""], {}, "the ID is empty; without one all letters are meant"],
    [[], { store: "" }, '--store is ""; it must be a name; without --store all are meant'],
    [[], { reason: "" }, '--reason is ""; it must be a reason'],
    [[], { state: "" }, '--state is ""; it must be one of open, stored, expired, any'],
    [[], { from: "" }, '--from is ""; it must be a time'],
  ])("%j %j is refused", (words, options, message) =>
    expect(() => read(words, options)).toThrow(
      expect.objectContaining({ exitCode: EXIT.usage, message: expect.stringContaining(message) }),
    ),
  );
});
