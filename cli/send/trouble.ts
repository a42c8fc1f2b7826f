/** Tells people of what goes wrong again and again: once, until it has gone well. */
export class Trouble {
  private readonly say: (text: string) => void;
  private said: string | undefined;

  constructor(say: (text: string) => void) {
    this.say = say;
  }

  /** Something was told, and has not gone well since. */
  get isOn(): boolean {
    return this.said !== undefined;
  }

  tell(text: string): void {
    if (text !== this.said) this.say(text);
    this.said = text;
  }

  /** It has gone well. */
  end(): void {
    this.said = undefined;
  }
}
