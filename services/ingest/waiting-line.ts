import { Bell } from "../domain/bell.ts";

/** Those who wait for the same thing, in the order in which they came. */
export class WaitingLine {
  private readonly places = new Set<Bell>(); // A set keeps the order.

  /** Nobody stands here. */
  get isEmpty(): boolean {
    return this.places.size === 0;
  }

  /** Runs `turn` when everybody who came before is gone, and goes then. @throws as `turn`, and the reason of `signal`. */
  async stand<T>(signal: AbortSignal, turn: () => Promise<T>): Promise<T> {
    const place = new Bell();
    const onAbort = () => place.ring();
    this.places.add(place);
    signal.addEventListener("abort", onAbort);
    try {
      while (!signal.aborted && this.first !== place) await place.heard();
      signal.throwIfAborted();
      return await turn();
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.places.delete(place);
      this.first?.ring();
    }
  }

  private get first(): Bell | undefined {
    return this.places.values().next().value;
  }
}
