const PER_KIND_MAX = 5;
const CHARACTERS_MAX = 500;

/** The first few cases of each kind of problem, for people: the counts say how many there are. */
export class Samples {
  readonly sentences: string[] = [];
  private readonly counts = new Map<string, number>();

  /** `kind`: of which only the first few are kept, so that many of one kind do not hide another. */
  add(kind: string, sentence: string): void {
    const count = this.counts.get(kind) ?? 0;
    this.counts.set(kind, count + 1);
    if (count < PER_KIND_MAX) this.sentences.push(sentence.slice(0, CHARACTERS_MAX));
  }
}
