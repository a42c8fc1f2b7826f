import type { StorePositions } from "../../../ports/store-positions.ts";
import type { LogSignals } from "./log-signals.ts";

/** How far the store has come, as its thread tells the others. */
export class SqliteStorePositions implements StorePositions {
  private readonly signals: LogSignals;

  constructor(signals: LogSignals) {
    this.signals = signals;
  }

  async settled(signal: AbortSignal): Promise<bigint[]> {
    signal.throwIfAborted();
    return Array.from({ length: this.signals.partitions }, (_, partition) => this.signals.settled(partition));
  }
}
