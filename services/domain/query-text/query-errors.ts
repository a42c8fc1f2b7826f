import { QUERY_ERRORS_TOLD_MAX } from "../limits.ts";

/** Something wrong in the text of a query, as the contract's QueryError has it. */
export interface QueryTextError {
  /** Where it begins, in Unicode code points from 0. */
  position: number;
  /** How many code points it concerns; 0 where something is missing. */
  length: number;
  /** One sentence. */
  message: string;
  /** What to write instead of the whole text; "" where nobody can say. */
  suggestion: string;
  /** What the suggestion does, in one sentence; "" without one. */
  suggestionLabel: string;
}

/** A stretch of the text, in UTF-16 units, the end excluded. */
export interface Stretch {
  start: number;
  end: number;
}

/** What to write instead of a stretch of the text. */
export interface Fix extends Stretch {
  instead: string;
  label: string;
}

/** The errors of one text. With QUERY_ERRORS_TOLD_MAX of them its reading is over. */
export class QueryErrors {
  private readonly text: string;
  private readonly errors: QueryTextError[] = [];
  private isClosed = false;

  constructor(text: string) {
    this.text = text;
  }

  /** How many there are. */
  get total(): number {
    return this.errors.length;
  }

  /** Whether the reading of the text is over: nothing behind an error can be read, or there are enough of them. */
  get isEnded(): boolean {
    return this.isClosed;
  }

  add({ start, end }: Stretch, message: string, fix?: Fix): void {
    if (this.isClosed) return; // What is said of the rest follows from the error that ended the reading.
    const mended = fix ? this.text.slice(0, fix.start) + fix.instead + this.text.slice(fix.end) : "";
    const suggestion = mended.trim() === "" ? "" : mended; // A blank text asks for every record: no advice.
    this.errors.push({
      position: codePoints(this.text.slice(0, start)),
      length: codePoints(this.text.slice(start, end)),
      message,
      suggestion,
      suggestionLabel: fix && suggestion !== "" ? fix.label : "",
    });
    if (this.errors.length === QUERY_ERRORS_TOLD_MAX) this.isClosed = true;
  }

  /** Adds the last one. */
  end(stretch: Stretch, message: string, fix?: Fix): void {
    this.add(stretch, message, fix);
    this.isClosed = true;
  }

  /** In the order of the text. */
  list(): QueryTextError[] {
    return this.errors.toSorted((a, b) => a.position - b.position);
  }
}

/** Code points in the text. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
