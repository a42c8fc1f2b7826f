import type { SQLInputValue } from "node:sqlite";

/** A condition of a statement, and the values of its question marks in their order. */
export interface SqlCondition {
  text: string;
  values: readonly SQLInputValue[];
}

/** A condition; undefined where one of its values is, for a question that does not have it. */
export function condition(text: string, ...values: readonly (SQLInputValue | undefined)[]): SqlCondition | undefined {
  return values.includes(undefined) ? undefined : { text: `(${text})`, values: values as SQLInputValue[] };
}

/** All of them at once, but for those that are undefined. There must be one at least. */
export function allOf(...conditions: readonly (SqlCondition | undefined)[]): SqlCondition {
  const given = conditions.filter((some) => some !== undefined);
  return { text: given.map(({ text }) => text).join(" AND "), values: given.flatMap(({ values }) => values) };
}
