import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { LogMessage } from "../../../ports/event-log.ts";

/** The batches of an append: one to three, of all sizes up to some pages, and known to whoever reads them. */
export function crashBatches(appender: number, number: number): Buffer[] {
  const count = 1 + (number % 3);
  return Array.from({ length: count }, (_, at) => {
    const name = `${appender}.${number}.${at}/${count} `;
    return Buffer.from(name + name.repeat((number * 7919 + at * 104_729) % 2_000));
  });
}

/** A process that appends until it is killed, and what it has said. */
export class AppendingProcess {
  readonly kept: string[] = [];
  readonly failed: string[] = [];
  readonly troubles: string[] = [];
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;

  constructor(path: string, firstNumbers: readonly number[]) {
    const script = fileURLToPath(new URL("event-log-appender.fixture.ts", import.meta.url));
    this.child = spawn(process.execPath, [script, path, firstNumbers.join()], { stdio: ["ignore", "pipe", "inherit"] });
    this.closed = once(this.child, "close");
    createInterface({ input: this.child.stdout! }).on("line", (line) => this.hear(line));
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Ends it without a farewell; resolves when all that it has said was heard. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.closed;
  }

  private hear(line: string): void {
    const [word, ...rest] = line.split(" ");
    if (word === "kept") this.kept.push(rest.join(" "));
    else if (word === "failed") this.failed.push(rest.join(" "));
    else this.troubles.push(line);
  }
}

/** The appends that the messages of one partition are, as "appender.number"; throws where one is torn or changed. */
export function appendsIn(messages: readonly LogMessage[]): string[] {
  const appends: string[] = [];
  for (let at = 0; at < messages.length; ) {
    const [, appender, number] = /^(\d+)\.(\d+)\.0\/\d /.exec(Buffer.from(messages[at]!.bytes).toString()) ?? [];
    const batches = crashBatches(Number(appender), Number(number));
    for (const batch of batches) {
      const message = messages[at]!;
      if (message.offset !== BigInt(at) || !batch.equals(message.bytes)) throw new Error(`message ${at} is another`);
      at++;
    }
    appends.push(`${appender}.${number}`);
  }
  return appends;
}
