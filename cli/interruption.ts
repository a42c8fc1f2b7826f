import { SAME_INTERRUPTION_MS } from "../services/domain/limits.ts";
import { EXIT } from "./exit-code.ts";

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
