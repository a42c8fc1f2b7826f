import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { LedgerEntry } from "./ledger-entries.ts";

/**
 * The entries of a ledger. A last line that was cut off, as a crash leaves it, is not read: what it would have told had
 * not happened yet, or has no outcome.
 *
 * @throws Error naming the line where any other line is none of a ledger.
 */
export async function* readLedger(file: string): AsyncGenerator<LedgerEntry> {
  let number = 0;
  let broken: string | undefined;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (broken !== undefined) throw new Error(`line ${number} of ${file} is no ledger entry: ${broken.slice(0, 100)}`);
    number++;
    const entry = parsed(line);
    if (entry) yield entry;
    else broken = line;
  }
}

const KINDS = ["run", "producer", "sent", "answer"];

function parsed(line: string): LedgerEntry | undefined {
  try {
    const entry = JSON.parse(line) as LedgerEntry;
    return KINDS.includes(entry.is) ? entry : undefined;
  } catch {
    return undefined;
  }
}
