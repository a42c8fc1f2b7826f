/** A point at which some must have arrived before any of them goes on: it makes a race certain. */
export class Meeting {
  private missing = 0;
  private readonly complete = Promise.withResolvers<void>();

  /** From now on so many meet, once; before that and afterwards nobody waits. */
  expect(count: number): void {
    this.missing = count;
  }

  /** Resolves when all who are expected have arrived. */
  async arrive(): Promise<void> {
    if (this.missing === 0) return;
    this.missing--;
    if (this.missing === 0) this.complete.resolve();
    await this.complete.promise;
  }
}
