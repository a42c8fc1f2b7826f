import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import type { LedgerEntry, Outcome } from "./ledger-entries.ts";
import type { RecordSource } from "./record-generator.ts";

/** What a send came to. */
export interface Answer {
  outcome: Outcome;
  rejected?: number[];
  code?: number;
}

/**
 * The memory of a run outside of everything that is killed: an append-only file, written before each send and after each
 * outcome, by this process, which no fault touches. A line is with the operating system before the call returns, so it
 * outlives this process too; not the machine, until `close`.
 */
export class Ledger {
  readonly file: string;
  /** Repeats the whole run. */
  readonly seed: number;
  private readonly baseMs: number;
  private readonly descriptor: number;
  private sends = 0;

  /** @throws Error where the file exists: a ledger is never written over. */
  constructor(file: string, run: { name: string; seed: number; baseMs: number }) {
    this.file = file;
    this.seed = run.seed;
    this.baseMs = run.baseMs;
    this.descriptor = openSync(file, "ax");
    this.write({ is: "run", ...run });
  }

  /** A producer is about to send for the first time. @returns what its records are made of. */
  producer(producer: string, seed: number): RecordSource {
    this.write({ is: "producer", producer, seed });
    return { seed, baseMs: this.baseMs };
  }

  /** A batch is about to be sent. `rival`: as SentEntry has it. @returns the number of this send, for `answered`. */
  sending(producer: string, firstSeq: number, count: number, by: string, rival?: number): number {
    const send = this.sends++;
    this.write({ is: "sent", send, producer, firstSeq, count, by, rival });
    return send;
  }

  answered(send: number, { outcome, rejected, code }: Answer): void {
    const named = rejected?.length ? rejected : undefined;
    this.write({ is: "answer", send, outcome, rejected: named, code });
  }

  close(): void {
    fsyncSync(this.descriptor);
    closeSync(this.descriptor);
  }

  private write(entry: LedgerEntry): void {
    writeSync(this.descriptor, `${JSON.stringify(entry)}\n`);
  }
}
