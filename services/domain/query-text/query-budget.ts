import type { Filter } from "../../../gen/logpulse/v1/filter_pb.ts";
import {
  FILTER_ATTRIBUTE_PATH_BYTES_MAX,
  FILTER_CONDITIONS_MAX,
  FILTER_CONTAINS_MAX,
  FILTER_DEPTH_MAX,
  FILTER_PATTERN_BYTES_MAX,
  FILTER_WORDS_MAX,
} from "../limits.ts";
import type { QueryErrors, Stretch } from "./query-errors.ts";

/** How much the filter of one text may hold. What is too many ends the reading at the first of them. */
export class QueryBudget {
  private readonly errors: QueryErrors;
  private conditions = 0;
  private words = 0;
  private contains = 0;

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

  /** What the condition, which stands there, looks for: a beginning, or a piece of a text. Others are as long as they are. */
  takePattern({ condition }: Filter, stretch: Stretch): void {
    if (condition.case !== "text" && condition.case !== "attribute") return;
    const { test } = condition.value;
    if (test.case !== "prefix" && test.case !== "contains") return;
    const bytes = Buffer.byteLength(test.value);
    if (bytes > FILTER_PATTERN_BYTES_MAX) {
      const what = test.case === "prefix" ? "beginning" : "piece of a text";
      this.errors.add(stretch, `This ${what} has ${bytes} bytes; the limit is ${FILTER_PATTERN_BYTES_MAX}.`);
    }
    if (test.case === "contains") this.contains++;
    if (this.contains > FILTER_CONTAINS_MAX) {
      this.errors.end(stretch, `This is one piece of a text too many; the limit is ${FILTER_CONTAINS_MAX}.`);
    }
  }

  /** The name of an attribute, which stands there. */
  takeAttributePath(path: string, stretch: Stretch): void {
    const bytes = Buffer.byteLength(path);
    if (bytes > FILTER_ATTRIBUTE_PATH_BYTES_MAX) {
      this.errors.add(
        stretch,
        `This attribute's name has ${bytes} bytes; the limit is ${FILTER_ATTRIBUTE_PATH_BYTES_MAX}.`,
      );
    }
  }

  /** Conditions so deep in one another, beginning there. */
  takeDepth(depth: number, stretch: Stretch): void {
    if (depth > FILTER_DEPTH_MAX) {
      this.errors.end(stretch, `Conditions lie more than ${FILTER_DEPTH_MAX} levels deep in one another here.`);
    }
  }
}
