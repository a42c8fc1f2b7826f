/** Wakes the one who waits for it. Whoever waits looks first whether there is something to wait for. */
export class Bell {
  private wake: () => void = () => {};

  /** Resolves when it is rung the next time. */
  heard(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  /** Nothing happens where nobody waits. */
  ring(): void {
    this.wake();
  }
}
