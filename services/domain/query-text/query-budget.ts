import { FILTER_CONDITIONS_MAX, FILTER_DEPTH_MAX, FILTER_WORDS_MAX } from "../limits.ts";
import type { QueryErrors, Stretch } from "./query-errors.ts";

/** How much the filter of one text may hold. Each error ends the reading at the first that is too much. */
export class QueryBudget {
  private readonly errors: QueryErrors;
  private conditions = 0;
  private words = 0;

  constructor(errors: QueryErrors) {
    this.errors = errors;
  }

  /** One condition more, which stands there. */
  takeCondition(stretch: Stretch): void {
    this.conditions++;
    if (this.conditions > FILTER_CONDITIONS_MAX) {
      this.errors.end(stretch, `This is one condition too many; the limit is ${FILTER_CONDITIONS_MAX}.`);
    }
  }

  /** So many words more, which stand there. */
  takeWords(count: number, stretch: Stretch): void {
    this.words += count;
    if (this.words > FILTER_WORDS_MAX) {
      this.errors.end(stretch, `With this there are ${this.words} words; the limit is ${FILTER_WORDS_MAX}.`);
    }
  }

  /** Conditions so deep in one another, beginning there. */
  takeDepth(depth: number, stretch: Stretch): void {
    if (depth > FILTER_DEPTH_MAX) {
      this.errors.end(stretch, `Conditions lie more than ${FILTER_DEPTH_MAX} levels deep in one another here.`);
    }
  }
}
