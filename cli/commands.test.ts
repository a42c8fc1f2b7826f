import { describe, expect, it } from "vitest";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { findCommand } from "./find-command.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { readOptions } from "./read-options.ts";
import { testTerminal } from "./terminal/terminal.fixture.ts";

const commands = await Promise.all(Object.entries(COMMANDS).map(async ([name, load]) => [name, await load()] as const));

/** A line of a shell in words, up to the end of its first command: `a 'b c' | head` is a, b c. */
function shellWords(line: string): string[] {
  const words: string[] = [];
  for (const [, single, double, bare, end] of line.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"|&;<>]+)|([|&;<>])/g)) {
    if (end !== undefined) break;
    words.push(single ?? double ?? bare!);
  }
  return words;
}

/** The first `logpulse …` in it. */
function logpulseWords(line: string): string[] {
  const at = line.indexOf("logpulse");
  return shellWords(line.slice(at).replace(/\)"?$/, "")).slice(1);
}

describe.each(commands)("%s", (name, command: Command) => {
  it("has its name, and a summary of one line without a full stop", () => {
    expect(command.name).toBe(name);
    expect(command.summary).toMatch(/^[a-z].{10,90}[^.]$/);
  });

  it("has options of its own names and letters", () => {
    const options = [...command.options, ...GLOBAL_OPTIONS];
    const names = options.map((option) => option.name);
    const letters = options.flatMap(({ short }) => short ?? []);
    expect(names).toEqual([...new Set(names)]);
    expect(letters).toEqual([...new Set(letters)]);
    for (const { help } of options) expect(help).toMatch(/^\S.*[^.\s]$/);
  });

  it.each(command.examples.map(({ line }) => line))("has an example that can be read: %s", (line) => {
    const call = findCommand(logpulseWords(line), Object.keys(COMMANDS));
    expect(call).toMatchObject({ kind: "command" });
    if (call.kind !== "command") return;
    const called = commands.find(([known]) => known === call.name)![1];
    expect(() => readOptions(called, GLOBAL_OPTIONS, call.args)).not.toThrow();
  });

  it("has examples first in its help, which fits the window but for command lines", () => {
    for (const columns of [60, 80, 200]) {
      const text = commandHelp(command, testTerminal({ isTty: true, columns }).terminal);
      const isCommandLine = (line: string) => line.startsWith("  ") && line.includes("logpulse ");
      for (const line of text.split("\n")) {
        if (!isCommandLine(line)) expect(line.length, line).toBeLessThanOrEqual(Math.min(columns, 100));
      }
      expect(text.indexOf("Examples\n")).toBeLessThan(text.indexOf("Usage\n"));
      for (const { name: option } of command.options) expect(text).toContain(`--${option}`);
    }
  });
});

describe("help", () => {
  it("of all names every command", async () => {
    const text = await generalHelp("", testTerminal().terminal);
    for (const [name] of commands) expect(text).toMatch(new RegExp(`^  ${name} `, "m"));
  });

  it("of some names these", async () => {
    const text = await generalHelp("dead", testTerminal().terminal);
    expect(text).toMatch(/^ {2}dead replay /m);
    expect(text).not.toMatch(/^ {2}search /m);
  });
});
