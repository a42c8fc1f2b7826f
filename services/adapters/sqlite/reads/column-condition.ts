import type { Condition, NumberCondition, TextCondition, TextField } from "../../../domain/condition.ts";
import { METHOD_LOWER } from "./method-condition.ts";
import { condition, type SqlCondition } from "./sql-condition.ts";

/** A condition on the columns of a day's records that every record meets that meets a condition of the domain. */
export interface ColumnCondition {
  sql: SqlCondition;
  /** Every record that meets it meets the condition. */
  saysAll: boolean;
}

const INT64_MAX = 2n ** 63n - 1n;

/** Text fields with a column of their own: its UTF-8 bytes; NULL, or no bytes, where the record has none. */
const COLUMNS: Partial<Record<TextField, string>> = {
  service: "service",
  severity_text: "severity_text",
  client_ip: "client_ip",
  method: METHOD_LOWER,
  path: "path",
};

/**
 * The condition for one that is no list and no negation; undefined where columns say nothing of it. Where a field has no
 * column, its text stands in the encoded record, and so do an attribute's last key and its text: most records that do
 * not meet the condition are told by that, in a tenth of the time that decoding takes.
 *
 * `idOf`: the id of the record with that identity, where this day has it.
 */
export function columnCondition(
  asked: Condition,
  idOf: (producer: string, seq: number) => bigint | undefined,
): ColumnCondition | undefined {
  switch (asked.kind) {
    case "level": {
      const { text, range } = asked;
      const sameText = condition("severity_text = ?", Buffer.from(text));
      if (!range) return { sql: sameText, saysAll: true };
      return {
        sql: condition(`severity BETWEEN ? AND ? OR ${sameText.text}`, range.min, range.max, ...sameText.values),
        saysAll: true,
      };
    }
    case "text":
      return ofText(asked);
    case "number":
      return ofNumber(asked);
    case "attribute": {
      const parts = [asked.path.slice(asked.path.lastIndexOf(".") + 1)];
      if (asked.test !== "exists" && isTextOnly(asked.value)) parts.push(asked.value);
      return { sql: recordHolds(parts), saysAll: false };
    }
    case "identity": {
      const id = idOf(asked.producer, asked.seq);
      return { sql: id === undefined ? condition("0") : condition("id = ?", id), saysAll: true };
    }
    default:
      return undefined;
  }
}

function ofText({ field, test, value }: TextCondition): ColumnCondition | undefined {
  const column = COLUMNS[field];
  if (column === undefined) return test === "exists" ? undefined : { sql: recordHolds([value]), saysAll: false };
  const bytes = Buffer.from(field === "method" ? value.toLowerCase() : value);
  const sql = {
    equals: () => condition(`${column} = ?`, bytes),
    prefix: () => condition(`substr(${column}, 1, ?) = ?`, bytes.length, bytes),
    contains: () => condition(`instr(${column}, ?) > 0`, bytes),
    exists: () => condition(`length(${column}) > 0`),
  }[test]();
  return { sql, saysAll: true };
}

function recordHolds(parts: readonly string[]): SqlCondition {
  return condition(parts.map(() => "instr(record, ?) > 0").join(" AND "), ...parts.map((part) => Buffer.from(part)));
}

/** True where no number, no boolean and nothing else that is no string can have a text that is this, or begins with it. */
function isTextOnly(value: string): boolean {
  return !/^[-+.0-9e]*$/.test(value) && !["true", "false", "null"].some((word) => word.startsWith(value));
}

function ofNumber({ field, min, max }: NumberCondition): ColumnCondition | undefined {
  const bounds = [min, max].filter((bound) => bound !== undefined);
  if (bounds.some((bound) => bound < -INT64_MAX || bound > INT64_MAX)) return undefined; // No 64-bit column can tell.
  if (field === "severity" || field === "status") {
    return { sql: within(field, min, max) ?? condition(`${field} IS NOT NULL`), saysAll: true };
  }
  if (field === "latency_nanos") return { sql: ofLatency(min, max), saysAll: true };
  return { sql: condition("has_http = 1"), saysAll: min === undefined && max === undefined };
}

/** Digits stand for a latency that needs more than 64 bits: it is beyond any bound, on the side of its sign. */
function ofLatency(min: bigint | undefined, max: bigint | undefined): SqlCondition {
  const inside = within("latency_ns", min, max);
  if (!inside) return condition("latency_ns IS NOT NULL");
  const isNegative = "substr(latency_ns, 1, 1) = '-'";
  const isBeyond = [...(min === undefined ? [] : [`NOT ${isNegative}`]), ...(max === undefined ? [] : [isNegative])];
  return condition(
    `CASE typeof(latency_ns) WHEN 'integer' THEN ${inside.text} WHEN 'text' THEN ${isBeyond.join(" AND ")} END`,
    ...inside.values,
  );
}

/** Undefined without bounds. */
function within(column: string, min: bigint | undefined, max: bigint | undefined): SqlCondition | undefined {
  if (min === undefined && max === undefined) return undefined;
  const parts = [...(min === undefined ? [] : [`${column} >= ?`]), ...(max === undefined ? [] : [`${column} <= ?`])];
  return condition(parts.join(" AND "), ...[min, max].filter((bound) => bound !== undefined));
}
