import { createInterface } from "node:readline/promises";
import { Interrupted } from "../interruption.ts";

/**
 * Asks on standard error, where only "y" and "yes" mean yes.
 *
 * @throws Interrupted at Ctrl-C, which is a key here; AbortError when the signal is aborted.
 */
export async function askYesOrNo(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = new Promise<string>((resolve, reject) => {
      lines.once("close", () => resolve(""));
      lines.once("SIGINT", () => reject(new Interrupted()));
    });
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended]);
    return ["y", "yes"].includes(answer.trim().toLowerCase());
  } finally {
    lines.close();
  }
}
