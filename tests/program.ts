import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePort } from "../stack/free-port.ts";

const MAIN = join(import.meta.dirname, "..", "services", "main.ts");

/** The program as a process of its own. */
export interface Program {
  readonly pid: number;
  /** What it printed so far. */
  output(): string;
  /** Its exit code. */
  ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
  /** host:port */
  readonly address: string;
}

/** Starts it on a free port with these settings and no others. */
export async function program(env: Record<string, string>): Promise<Program> {
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, [MAIN], { env: { PATH: process.env.PATH, LOGPULSE_LISTEN: address, ...env } });
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (output += text));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { pid: child.pid!, output: () => output, ended, kill: (signal) => child.kill(signal), address };
}

/** What it says of itself. */
export const ready = async (address: string) => {
  const answer = await fetch(`http://${address}/readyz`, { signal: AbortSignal.timeout(3_000) });
  return { status: answer.status, text: await answer.text() };
};
