import { setTimeout as sleep } from "node:timers/promises";

/** Makes one call; `fail` is told of each try that did not succeed, whether or not it is made again. */
export type MakeCall = (fail: (why: string) => void) => Promise<void>;

/** Callers of one kind, each of which makes one call after the other. What fails is written down, never thrown. */
export class CallLoop {
  readonly kind: string;
  /** Of tries, in their order. */
  readonly failures: string[] = [];
  calls = 0;
  private readonly callers: readonly MakeCall[];
  private readonly pauseMs: number;
  private stopping = false;
  private running: Promise<unknown> = Promise.resolve();

  /** `pauseMs`: between a caller's calls. The machine has to run everything else too. */
  constructor(kind: string, callers: readonly MakeCall[], pauseMs: number) {
    this.kind = kind;
    this.callers = callers;
    this.pauseMs = pauseMs;
  }

  start(): void {
    this.running = Promise.all(this.callers.map((call) => this.repeat(call)));
  }

  /** Resolves when the last calls have their answers. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.running;
  }

  private async repeat(call: MakeCall): Promise<void> {
    const fail = (why: string) => void this.failures.push(`${new Date().toISOString()} ${this.kind}: ${why}`);
    while (!this.stopping) {
      this.calls++;
      await call(fail).catch((reason: unknown) => fail(String(reason)));
      await sleep(this.pauseMs);
    }
  }
}
