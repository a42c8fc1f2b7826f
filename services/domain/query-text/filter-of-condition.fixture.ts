import { create } from "@bufbuild/protobuf";
import type { Filter } from "../../../gen/logpulse/v1/filter_pb.ts";
import {
  FilterSchema,
  WordsCondition_Match as Match,
  WordsCondition_Scope as Scope,
} from "../../../gen/logpulse/v1/filter_pb.ts";
import type { Condition } from "../condition.ts";
import { identityText } from "../identity.ts";
import { allOf, anyOf, attributeOf, identityOf, levelOf, notOf, numberOf, textOf } from "./make-filter.ts";

/** For tests: a filter that means the condition. */
export function filterOfCondition(condition: Condition): Filter {
  switch (condition.kind) {
    case "all":
      return allOf(condition.of.map(filterOfCondition));
    case "any":
      return anyOf(condition.of.map(filterOfCondition));
    case "not":
      return notOf(filterOfCondition(condition.of));
    case "words":
      return wordsFilter(condition.words, Match.ALL, condition.scope === "anywhere" ? Scope.ANYWHERE : Scope.MESSAGE);
    case "phrase":
      return wordsFilter(condition.words, Match.PHRASE);
    case "word_prefix":
      return wordsFilter([condition.prefix], Match.PREFIX);
    case "level":
      return levelOf(condition.text);
    case "text":
      return textOf(condition.field, condition.test, condition.value);
    case "number": {
      const { min, max } = condition;
      return numberOf(condition.field, {
        ...(min === undefined ? {} : { min }),
        ...(max === undefined ? {} : { max }),
      });
    }
    case "attribute":
      return attributeOf(condition.path, condition.test, condition.value);
    case "identity":
      return identityOf(identityText(condition.producer, condition.seq));
  }
}

function wordsFilter(words: readonly string[], match: Match, scope: Scope = Scope.UNSPECIFIED): Filter {
  return create(FilterSchema, { condition: { case: "words", value: { text: words.join(" "), match, scope } } });
}
