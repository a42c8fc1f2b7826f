import { SAME_INTERRUPTION_MS } from "../services/domain/limits.ts";
import { EXIT } from "./exit-code.ts";

/** How calls and waits fail whose signal is aborted, by name: the libraries that throw them are not loaded for this. */
const ENDED: readonly string[] = ["AbortError", "ConnectError"];

/** Ctrl-C where the terminal makes no signal of it. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Whether work failed only since it was to end: nothing is said of that. What else goes wrong meanwhile is told. */
export function isInterruption(reason: unknown, signal: AbortSignal): boolean {
  if (reason instanceof Interrupted) return true;
  return signal.aborted && reason instanceof Error && ENDED.includes(reason.name);
}

/** Ctrl-C and SIGTERM: the first one asks the command to end in order, a later one ends the process at once. */
export class Interruption {
  private readonly controller = new AbortController();
  private firstMs = 0;

  constructor(host: NodeJS.Process) {
    const onSignal = () => {
      // A terminal signals all processes of a command, and npx and the like hand it on: the same one comes twice.
      const isLater = this.signal.aborted && performance.now() - this.firstMs > SAME_INTERRUPTION_MS;
      if (isLater) host.exit(EXIT.interrupted);
      if (this.signal.aborted) return;
      this.firstMs = performance.now();
      this.controller.abort();
    };
    host.on("SIGINT", onSignal);
    host.on("SIGTERM", onSignal);
  }

  /** Aborted by the first one. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }
}
