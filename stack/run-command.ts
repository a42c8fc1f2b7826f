import { spawn } from "node:child_process";

const OUTPUT_LINES_MAX = 25;

/**
 * Runs a program to its end and returns nothing: its output matters only when it fails.
 *
 * @throws Error with the command and the last 25 lines of its output, when it fails, cannot be run, or takes longer than `msMax`.
 */
export async function runCommand(
  command: readonly string[],
  msMax: number,
  env: Record<string, string> = {},
): Promise<void> {
  const [program, ...args] = command;
  let output = "";
  const ended = await new Promise<string>((resolve) => {
    const child = spawn(program!, args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: msMax,
      killSignal: "SIGKILL",
    });
    const keepEnd = (text: string): void => {
      output = (output + text).slice(-OUTPUT_LINES_MAX * 400);
    };
    child.stdout.setEncoding("utf8").on("data", keepEnd);
    child.stderr.setEncoding("utf8").on("data", keepEnd);
    child.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "ENOENT" ? `${program} is not installed` : error.message),
    );
    child.once("close", (code, signal) =>
      resolve(code === 0 ? "" : signal ? `ended by ${signal}` : `exit code ${code}`),
    );
  });
  if (ended === "") return;
  const lines = output.trimEnd().split("\n").slice(-OUTPUT_LINES_MAX).join("\n");
  throw new Error(
    `${command.join(" ")}\n${ended}${ended.includes("SIGKILL") ? ` (limit: ${msMax / 1000} s)` : ""}\n${lines}`,
  );
}
