import { PassThrough } from "node:stream";
import { ProcessTerminal, type TerminalSettings } from "./process-terminal.ts";

/** How a test's terminal differs from the usual one, which is none: pipes, in UTC. */
export interface TestTerminalOptions extends Partial<TerminalSettings> {
  isTty?: boolean;
  columns?: number;
  env?: Record<string, string>;
}

/** A terminal whose both streams are kept as text. */
export function testTerminal({ isTty = false, columns = 80, env = {}, ...settings }: TestTerminalOptions = {}) {
  const stream = () => Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY: isTty, columns });
  const [stdout, stderr] = [stream(), stream()];
  const usual = { color: "auto", zone: "utc", isJson: false, isPlain: false, isQuiet: false, mayAsk: true } as const;
  const terminal = new ProcessTerminal({ stdin: { isTTY: isTty }, stdout, stderr, env }, { ...usual, ...settings });
  return {
    terminal,
    printed: () => String(stdout.read() ?? ""),
    said: () => String(stderr.read() ?? ""),
    stdout,
    stderr,
  };
}
