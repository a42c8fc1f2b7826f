import type { SQLInputValue } from "node:sqlite";

/** A condition of a statement, and the values of its question marks in their order. */
export interface SqlCondition {
  text: string;
  values: readonly SQLInputValue[];
}

/** A condition, in parentheses. */
export function condition(text: string, ...values: SQLInputValue[]): SqlCondition {
  return { text: `(${text})`, values };
}

/** The same; undefined where one of the values is, for a question that does not have it. */
export function givenCondition(
  text: string,
  ...values: readonly (SQLInputValue | undefined)[]
): SqlCondition | undefined {
  return values.includes(undefined) ? undefined : condition(text, ...(values as SQLInputValue[]));
}

/** All of them at once, but for those that are undefined. There must be one at least. */
export function allOf(...conditions: readonly (SqlCondition | undefined)[]): SqlCondition {
  return joined(conditions, " AND ");
}

/** One of them at least. There must be one at least. */
export function oneOf(...conditions: readonly SqlCondition[]): SqlCondition {
  const { text, values } = joined(conditions, " OR ");
  return { text: `(${text})`, values };
}

/** Met where that one is not, by NULL included. */
export function notOf({ text, values }: SqlCondition): SqlCondition {
  return { text: `NOT coalesce(${text}, 0)`, values };
}

function joined(conditions: readonly (SqlCondition | undefined)[], word: string): SqlCondition {
  const given = conditions.filter((some) => some !== undefined);
  return { text: given.map(({ text }) => text).join(word), values: given.flatMap(({ values }) => values) };
}
