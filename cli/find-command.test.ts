import { describe, expect, it } from "vitest";
import { EXIT } from "./exit-code.ts";
import { findCommand } from "./find-command.ts";

const NAMES = ["search", "send", "dead list", "dead replay"];

describe("the command in a command line", () => {
  it.each([
    [[], { kind: "help", name: "" }],
    [["--help"], { kind: "help", name: "" }],
    [["-h"], { kind: "help", name: "" }],
    [["help"], { kind: "help", name: "" }],
    [["help", "search"], { kind: "help", name: "search" }],
    [["help", "dead"], { kind: "help", name: "dead" }],
    [["help", "dead", "list"], { kind: "help", name: "dead list" }],
    [["dead", "--help"], { kind: "help", name: "dead" }],
    [["--version"], { kind: "version" }],
    [["search", "a", "--json"], { kind: "command", name: "search", args: ["a", "--json"] }],
    [["--addr", "send:1", "search"], { kind: "command", name: "search", args: ["--addr", "send:1"] }],
    [
      ["--addr=x:1", "--json", "search", "send"],
      { kind: "command", name: "search", args: ["--addr=x:1", "--json", "send"] },
    ],
    [["dead", "list", "x"], { kind: "command", name: "dead list", args: ["x"] }],
    [["--json", "dead", "--utc", "list"], { kind: "command", name: "dead list", args: ["--json", "--utc"] }],
    [["search", "--help"], { kind: "command", name: "search", args: ["--help"] }],
  ])("%j", (args, expected) => expect(findCommand(args, NAMES)).toEqual(expected));

  it.each([
    [["serch"], 'there is no command "serch"; did you mean search?'],
    [["dead", "replya"], 'there is no command "dead replya"; did you mean dead replay?'],
    [["dead", "x"], 'there is no command "dead x"; there are logpulse dead list, logpulse dead replay'],
    [["dead"], "dead what? there are logpulse dead list, logpulse dead replay"],
    [["frobnicate"], 'there is no command "frobnicate"'],
    [["help", "frobnicate"], 'there is no command "frobnicate"'],
    [["--json"], "there is no command"],
    [["--jsno", "search"], "there is no option --jsno; did you mean --json?"],
    [["-l", "warn", "search"], "there is no option -l"],
    [["--addr"], "--addr lacks its value: --addr HOST:PORT"],
  ])("%j: %s", (args, message) => {
    expect(() => findCommand(args, NAMES)).toThrow(expect.objectContaining({ message, exitCode: EXIT.usage }));
  });
});
