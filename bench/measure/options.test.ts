import { describe, expect, it } from "vitest";
import { BenchUsage, choice, readOptions } from "./options.ts";

const LIST = {
  recordsPerCall: { option: "batch", usual: 100, min: 1, max: 1_000 },
  seed: { option: "seed", usual: 1, min: 0, max: 10 },
  mode: choice("mode", "envoy", ["envoy", "embedded"]),
};
const catchUsage = (...args: string[]): BenchUsage => {
  try {
    read(...args);
  } catch (err) {
    if (err instanceof BenchUsage) return err;
  }
  throw new Error("it was read");
};
const read = (...args: string[]) => readOptions("ladder", args, LIST, ["plot"]);

describe("options of a benchmark", () => {
  it("are the usual ones unless told", () => {
    expect(read()).toEqual({
      options: { recordsPerCall: 100, seed: 1, mode: "envoy" },
      files: {},
      command: "npm run bench -- ladder --batch 100 --seed 1 --mode envoy",
    });
  });

  it("are in the command, which gives the same again; files are not", () => {
    const told = read("--mode", "embedded", "--batch=7", "--seed=3", "--plot", "a.svg", "--report", "b.json");
    expect(told.options).toEqual({ recordsPerCall: 7, seed: 3, mode: "embedded" });
    expect(told.files).toEqual({ plot: "a.svg", report: "b.json" });
    expect(told.command).toBe("npm run bench -- ladder --batch 7 --seed 3 --mode embedded");
  });

  it.each([
    [["--batch", "0"], "--batch must be a whole number from 1 to 1000"],
    [["--batch", "1001"], "--batch must be a whole number from 1 to 1000"],
    [["--batch", "1.5"], "--batch must be a whole number"],
    [["--batch", "many"], "--batch must be a whole number"],
    [["--batch="], "--batch must be a whole number"],
    [["--mode", "full"], "--mode must be one of envoy, embedded"],
    [["--recordsPerCall", "7"], "--recordsPerCall"],
  ])("that are wrong are told: %s", (args, message) => {
    expect(() => read(...args)).toThrow(message);
    expect(() => read(...args)).toThrow("--mode envoy|embedded (envoy)");
  });

  it("are told by --help, with what is usual", () => {
    const asked = catchUsage("--help");
    expect(asked.isAsked).toBe(true);
    expect(asked.message.split("\n")).toEqual([
      "npm run bench -- ladder",
      "  --batch 1 to 1000 (100)",
      "  --seed 0 to 10 (1)",
      "  --mode envoy|embedded (envoy)",
      "  --plot PATH (none)",
      "  --report PATH (none)",
    ]);
    expect(catchUsage("--batch", "0").isAsked).toBe(false);
  });
});
