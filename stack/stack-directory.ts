import { join, resolve } from "node:path";

/** Where `npm run stack` keeps everything: STACK_DIRECTORY, or stack/.run. */
export const STACK_DIRECTORY = resolve(process.env.STACK_DIRECTORY || join(import.meta.dirname, ".run"));

/** The folder that holds the folders of all parts, and nothing that is not ours: `--wipe` deletes it. */
export const PARTS_DIRECTORY = join(STACK_DIRECTORY, "parts");

/** The folder of one part: its data, its settings and its log. */
export function partDirectory(name: string): string {
  return join(PARTS_DIRECTORY, name);
}

/** The flags given on the command line; one that is not in `known` ends the command with exit code 2. */
export function readFlags<Flag extends string>(...known: readonly Flag[]): Set<Flag> {
  const given = process.argv.slice(2);
  const unknown = given.filter((flag) => !known.includes(flag as Flag));
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(" ")}; known: ${known.join(" ") || "nothing"}`);
    process.exit(2);
  }
  return new Set(given as Flag[]);
}
