import { parseArgs } from "node:util";

/** A whole number that a benchmark can be told, both bounds included. */
export interface NumberOption {
  /** Behind the two dashes. */
  option: string;
  usual: number;
  min: number;
  max: number;
}

/** One word of several. */
export interface ChoiceOption<Word extends string = string> {
  option: string;
  usual: Word;
  of: readonly Word[];
}

/** What a benchmark can be told, by the name that it has there. */
export type OptionList = Readonly<Record<string, NumberOption | ChoiceOption>>;

/** What it was told, or what is usual. */
export type Told<Options extends OptionList> = {
  [Name in keyof Options]: Options[Name] extends ChoiceOption<infer Word> ? Word : number;
};

/** An option for Told to know its words. */
export function choice<const Word extends string>(
  option: string,
  usual: Word,
  of: readonly Word[],
): ChoiceOption<Word> {
  return { option, usual, of };
}

/** Of `report` and whatever else names a file or a folder: what they do not change is not in the command. */
export type Files<Name extends string> = Partial<Record<Name | "report", string>>;

/** What a benchmark says instead of running: how to call it, and before that what was wrong with how it was called. */
export class BenchUsage extends Error {
  /** Somebody asked for it by `--help`; else an option was wrong. */
  readonly isAsked: boolean;

  constructor(usage: string, mistake?: string) {
    super(mistake === undefined ? usage : `${mistake}\n\n${usage}`);
    this.name = "BenchUsage";
    this.isAsked = mistake === undefined;
  }
}

/**
 * Reads what stands behind the name of a benchmark. `command`: the whole call with all of its options, for its report;
 * `npm run bench -- check` runs it again.
 *
 * @throws BenchUsage: `--help`, or an option is wrong; it names the option and what it may be.
 */
export function readOptions<Options extends OptionList, File extends string = never>(
  benchmark: string,
  args: string[],
  list: Options,
  files: readonly File[] = [],
): { options: Told<Options>; files: Files<File>; command: string } {
  const fileNames = [...files, "report" as const];
  const usage = usageOf(benchmark, list, fileNames);
  if (args.includes("--help")) throw new BenchUsage(usage);
  try {
    return optionsIn(benchmark, args, list, fileNames);
  } catch (err) {
    throw new BenchUsage(usage, err instanceof Error ? err.message : String(err));
  }
}

function optionsIn<Options extends OptionList, File extends string>(
  benchmark: string,
  args: string[],
  list: Options,
  files: readonly (File | "report")[],
): { options: Told<Options>; files: Files<File>; command: string } {
  const names = [...Object.values(list).map(({ option }) => option), ...files];
  const strings = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  const given = parseArgs({ args, options: strings }).values as Record<string, string | undefined>;
  const told = Object.entries(list).map(([name, one]) => [name, wordOrNumber(one, given[one.option])] as const);
  const words = told.map(([name, value]) => `--${list[name]!.option} ${value}`);
  return {
    options: Object.fromEntries(told) as Told<Options>,
    files: Object.fromEntries(files.map((name) => [name, given[name]])) as Files<File>,
    command: ["npm run bench --", benchmark, ...words].join(" "),
  };
}

function wordOrNumber(option: NumberOption | ChoiceOption, given: string | undefined): number | string {
  if ("of" in option) {
    if (given === undefined || option.of.includes(given)) return given ?? option.usual;
    throw new Error(`--${option.option} must be one of ${option.of.join(", ")}`);
  }
  const { min, max, usual } = option;
  const value = given === undefined ? usual : Number(given);
  if (given !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${option.option} must be a whole number from ${min} to ${max}`);
}

function usageOf(benchmark: string, list: OptionList, files: readonly string[]): string {
  const options = Object.values(list).map((one) =>
    "of" in one
      ? `  --${one.option} ${one.of.join("|")} (${one.usual})`
      : `  --${one.option} ${one.min} to ${one.max} (${one.usual})`,
  );
  const paths = files.map((name) => `  --${name} PATH (none)`);
  return [`npm run bench -- ${benchmark}`, ...options, ...paths].join("\n");
}
