import { describe, expect, it } from "vitest";
import type { Command } from "./command.ts";
import { EXIT } from "./exit-code.ts";
import { GLOBAL_OPTIONS } from "./global-options.ts";
import { readOptions } from "./read-options.ts";

const SEARCH: Command = {
  name: "search",
  summary: "",
  usage: "[QUERY…]",
  examples: [],
  options: [
    { name: "level", short: "l", value: "LEVEL", help: "" },
    { name: "from", value: "TIME", help: "" },
    { name: "count", short: "c", help: "" },
  ],
  words: { min: 1, max: 3 },
  run: async () => EXIT.done,
};

const read = (...args: string[]) => readOptions(SEARCH, GLOBAL_OPTIONS, args);

describe("options", () => {
  it.each([
    [["a", "--from", "-15m"], { from: "-15m" }, ["a"]],
    [["a", "--from=-15m"], { from: "-15m" }, ["a"]],
    [["a", "--from="], { from: "" }, ["a"]],
    [["a", "--from=a=b"], { from: "a=b" }, ["a"]],
    [["-l", "warn", "a"], { level: "warn" }, ["a"]],
    [["-lwarn", "a"], { level: "warn" }, ["a"]],
    [["a", "-l", "-x"], { level: "-x" }, ["a"]],
    [["a", "--count", "b", "--json"], { count: true, json: true }, ["a", "b"]],
    [["--", "-path:/health", "--count"], {}, ["-path:/health", "--count"]],
    [["-", "--count"], { count: true }, ["-"]],
    [["a", "--addr", "a:1", "--addr", "b:2"], { addr: "b:2" }, ["a"]],
    [["--help"], { help: true }, []],
    [["-h", "a", "b", "c", "d"], { help: true }, ["a", "b", "c", "d"]],
  ])("%j", (args, options, words) => expect(read(...args)).toEqual({ options, words }));

  it.each([
    [["a", "--form", "x"], "there is no option --form of search; did you mean --from?"],
    [["a", "--lev=x"], "there is no option --lev of search; did you mean --level?"],
    [["a", "--zzz"], "there is no option --zzz of search"],
    [["a", "-x"], "there is no option -x of search"],
    [["-path:/health"], "there is no option -path:/health of search"],
    [["a", "--from"], "--from lacks its value: --from TIME"],
    [["a", "--from", "--count"], "--from lacks its value: --from TIME"],
    [["a", "--from", "-l", "warn"], "--from lacks its value: --from TIME"],
    [["a", "-l"], "-l lacks its value: -l LEVEL"],
    [["a", "--count=yes"], '--count takes no value, and "--count=yes" gives one'],
    [["a", "-cx"], '-c takes no value, and "-cx" gives one'],
    [["a", "--from=1", "--from=2"], "--from was given twice"],
    [[], "search lacks [QUERY…]"],
    [["a", "b", "c", "d"], 'search does not know what to do with "d"'],
  ])("%j: %s", (args, message) => {
    expect(() => read(...args)).toThrow(expect.objectContaining({ message, exitCode: EXIT.usage }));
  });

  it("a word with a dash is told its place", () => {
    expect(() => read("-path:/health")).toThrow(
      expect.objectContaining({ advice: expect.stringContaining("search -- -path:/health") }),
    );
  });
});
