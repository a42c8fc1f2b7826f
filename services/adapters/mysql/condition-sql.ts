import type { Condition, LevelCondition, NumberCondition, TextCondition, TextField } from "../../domain/condition.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { producerDay } from "../../domain/identity.ts";
import { lowerMethodBytes } from "./record-rows.ts";

/** A condition of a statement, in parentheses, and the values of its question marks in their order. */
export interface SqlCondition {
  text: string;
  values: unknown[];
}

/** Text fields with a column: its UTF-8 bytes; NULL, or no bytes, where the record has none. */
const TEXT_COLUMNS: Partial<Record<TextField, string>> = {
  service: "service",
  severity_text: "severity_text",
  client_ip: "client_ip",
  method: "method_lower",
  path: "path",
};

const NUMBER_COLUMNS: Partial<Record<NumberCondition["field"], string>> = {
  severity: "severity",
  status: "status",
  latency_nanos: "latency_ns",
};

/**
 * A condition on the columns of `records`. Text goes as bytes and is compared byte by byte; for whole UTF-8 that is letter
 * by letter.
 *
 * @throws LogPulseError `bug` for a condition on what has no column: nobody should ask MySQL for it.
 */
export function conditionSql(condition: Condition): SqlCondition {
  switch (condition.kind) {
    case "all":
      return joined(condition.of, "AND", "TRUE");
    case "any":
      return joined(condition.of, "OR", "FALSE");
    case "not": {
      const { text, values } = conditionSql(condition.of);
      return { text: `(NOT COALESCE(${text}, FALSE))`, values }; // What a record does not have is NULL.
    }
    case "level":
      return ofLevel(condition);
    case "text":
      return ofText(condition);
    case "number":
      return ofNumber(condition);
    case "identity": {
      const { producer, seq } = condition;
      // The day names the one partition where it can be.
      const values = [producerDay(producer), Buffer.from(producer, "hex"), seq];
      return { text: "(producer_day = ? AND producer = ? AND seq = ?)", values };
    }
    default:
      throw noColumn(condition.kind);
  }
}

function joined(conditions: readonly Condition[], word: "AND" | "OR", none: string): SqlCondition {
  if (conditions.length === 0) return { text: none, values: [] };
  const all = conditions.map(conditionSql);
  return { text: `(${all.map(({ text }) => text).join(` ${word} `)})`, values: all.flatMap(({ values }) => values) };
}

function ofLevel({ text, range }: LevelCondition): SqlCondition {
  if (!range) return { text: "(severity_text = ?)", values: [Buffer.from(text)] };
  return {
    text: "(severity BETWEEN ? AND ? OR severity_text = ?)",
    values: [range.min, range.max, Buffer.from(text)],
  };
}

function ofText({ field, test, value }: TextCondition): SqlCondition {
  const column = TEXT_COLUMNS[field];
  if (column === undefined) throw noColumn(field);
  const bytes = field === "method" ? lowerMethodBytes(value) : Buffer.from(value);
  switch (test) {
    case "equals":
      return { text: `(${column} = ?)`, values: [bytes] };
    case "prefix":
      return { text: `(LEFT(${column}, ?) = ?)`, values: [bytes.length, bytes] };
    case "contains":
      return { text: `(LOCATE(?, ${column}) > 0)`, values: [bytes] };
    case "exists":
      return { text: `(LENGTH(${column}) > 0)`, values: [] };
  }
}

function ofNumber({ field, min, max }: NumberCondition): SqlCondition {
  const column = NUMBER_COLUMNS[field];
  if (column === undefined) throw noColumn(field);
  if (min === undefined && max === undefined) return { text: `(${column} IS NOT NULL)`, values: [] };
  const parts = [...(min === undefined ? [] : [`${column} >= ?`]), ...(max === undefined ? [] : [`${column} <= ?`])];
  return { text: `(${parts.join(" AND ")})`, values: [min, max].filter((bound) => bound !== undefined) };
}

function noColumn(what: string): LogPulseError {
  return new LogPulseError("bug", `MySQL has no column for ${what}`);
}
