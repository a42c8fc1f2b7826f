import { createInterface } from "node:readline/promises";

/** Asks on standard error, where only "y" and "yes" mean yes. @throws AbortError when the signal is aborted. */
export async function askYesOrNo(question: string, signal: AbortSignal): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = new Promise<string>((resolve) => lines.once("close", () => resolve("")));
    const answer = await Promise.race([lines.question(`${question} [y/N] `, { signal }), ended]);
    return ["y", "yes"].includes(answer.trim().toLowerCase());
  } finally {
    lines.close();
  }
}
