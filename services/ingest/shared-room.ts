/** Room that all senders share. None may have more than a part of it: one alone cannot take it from the others. */
export class SharedRoom {
  private readonly max: number;
  private readonly perSenderMax: number;
  private readonly bySender = new Map<string, number>(); // Of those that have any.
  private taken = 0;

  constructor(max: number, perSenderMax: number) {
    this.max = max;
    this.perSenderMax = perSenderMax;
  }

  /** Takes that much for a sender. False where it does not fit: then nothing is taken. */
  take(sender: string, amount: number): boolean {
    const own = this.ownOf(sender) + amount;
    if (own > this.perSenderMax || this.taken + amount > this.max) return false;
    this.put(sender, own);
    this.taken += amount;
    return true;
  }

  /** Gives back what was taken. */
  giveBack(sender: string, amount: number): void {
    this.put(sender, this.ownOf(sender) - amount);
    this.taken -= amount;
  }

  /** How many senders have some of it. */
  get senders(): number {
    return this.bySender.size;
  }

  private ownOf(sender: string): number {
    return this.bySender.get(sender) ?? 0;
  }

  private put(sender: string, own: number): void {
    if (own === 0) this.bySender.delete(sender);
    else this.bySender.set(sender, own);
  }
}
