import type { NumberField, TextField } from "../../../domain/condition.ts";
import { FACET_CHARACTERS_COUNTED_MAX, FACET_VALUES_COUNTED_MAX } from "../../../domain/limits.ts";
import { LoggedRecord } from "../../../domain/logged-batch.ts";
import { MatchedRecord } from "../../../domain/matched-record.ts";
import { SEVERITY_RANGE_NAMES, severityRangeNumber } from "../../../domain/severity.ts";
import { ValueCounts } from "../../../domain/value-counts.ts";
import type { FacetCounts, FacetField } from "../../../ports/log-aggregates.ts";
import type { RecordQuery } from "../../../ports/record-query.ts";
import { allRows } from "./all-rows.ts";
import { questionOf } from "./question.ts";
import type { SqlCondition } from "./sql-condition.ts";
import type { StoreReader, Told } from "./store-reader.ts";
import { storedDays } from "./stored-days.ts";

/** A field as it is counted. */
interface CountedField {
  /** What is read of each row; undefined where only the record has it. */
  column: string | undefined;
  /** The different values that a row has. `told`: the column's. */
  valuesOf(told: Told, record: MatchedRecord | undefined): Iterable<string>;
  /** The order of equally frequent values. */
  compare(a: string, b: string): number;
}

/** Texts are made strings by SQLite, which is cheaper than here; of numbers, digits hold any of them exactly. */
const COLUMNS: Readonly<Partial<Record<TextField | NumberField, string>>> = {
  service: "CAST(service AS TEXT)",
  severity_text: "CAST(severity_text AS TEXT)",
  client_ip: "CAST(client_ip AS TEXT)",
  method: "CAST(method AS TEXT)",
  path: "CAST(path AS TEXT)",
  severity: "CAST(severity AS TEXT)",
  status: "CAST(status AS TEXT)",
  latency_nanos: "CAST(latency_ns AS TEXT)",
};

const NAMES: readonly string[] = SEVERITY_RANGE_NAMES;
/** By `severityRangeNumber`; a record without a severity has no level. */
const LEVELS: readonly (readonly string[])[] = NAMES.map((name, number) => (number === 0 ? [] : [name]));

/** Values of fields, as `LogAggregates.facets` promises them: all fields in one pass over the records. */
export function facets(
  reader: StoreReader,
  query: RecordQuery,
  fields: readonly FacetField[],
  size: number,
  valuesMax = FACET_VALUES_COUNTED_MAX,
): FacetCounts[] {
  const charactersMax = Math.floor(FACET_CHARACTERS_COUNTED_MAX / Math.max(1, fields.length));
  const counted = fields.map((field) => ({
    field: countedField(field),
    counts: new ValueCounts(valuesMax, charactersMax),
  }));
  const question = fields.length > 0 ? questionOf(reader, query) : undefined;
  for (const day of question ? storedDays(reader) : []) {
    countDay(reader, allRows(reader, { ...question!, ...day }), counted);
  }
  return counted.map(({ field, counts }) => ({
    values: counts.mostFrequent(size, field.compare),
    countErrorMax: counts.countErrorMax,
  }));
}

/** What is counted, and the counts. */
interface Counted {
  field: CountedField;
  counts: ValueCounts;
}

function countDay(reader: StoreReader, rows: SqlCondition, counted: readonly Counted[]): void {
  const columns = counted.map(({ field }) => field.column ?? "NULL");
  const needsRecord = counted.some(({ field }) => field.column === undefined);
  reader.tellAll([...columns, ...(needsRecord ? ["record"] : [])], [], rows, (told) => {
    const record = needsRecord ? matchedRecord(reader, told[columns.length] as Uint8Array) : undefined;
    for (let index = 0; index < counted.length; index++) {
      const { field, counts } = counted[index]!;
      for (const value of field.valuesOf(told[index], record)) counts.add(value);
    }
  });
}

/** Only its fields are asked for, which are the same whoever sent it and whenever. */
function matchedRecord(reader: StoreReader, bytes: Uint8Array): MatchedRecord {
  reader.lookAtBytes(bytes.length);
  return new MatchedRecord("", new LoggedRecord(0, bytes, 0n));
}

function countedField(field: FacetField): CountedField {
  switch (field.kind) {
    case "level":
      return {
        column: "severity",
        valuesOf: (told) => LEVELS[severityRangeNumber(told as number)]!,
        compare: (a, b) => NAMES.indexOf(a) - NAMES.indexOf(b),
      };
    case "number": {
      const { field: name } = field;
      return ofColumn(name, compareNumbers, (record) => {
        const number = record.number(name);
        return number === undefined ? [] : [String(number)];
      });
    }
    case "text": {
      const { field: name } = field;
      return ofColumn(name, compareUtf8, (record) => oneText(record.text(name)));
    }
    case "attribute":
      return {
        column: undefined,
        valuesOf: (_, record) => differentTexts(record!.leaves(field.path).map(({ text }) => text)),
        compare: compareUtf8,
      };
  }
}

/** A field whose column, where it has one, is told as text. */
function ofColumn(
  name: TextField | NumberField,
  compare: CountedField["compare"],
  ofRecord: (record: MatchedRecord) => string[],
): CountedField {
  const column = COLUMNS[name];
  return {
    column,
    valuesOf: (told, record) => (column === undefined ? ofRecord(record!) : oneText((told as string | null) ?? "")),
    compare,
  };
}

/** A field is empty where the record does not have it. */
function oneText(text: string): string[] {
  return text === "" ? [] : [text];
}

function differentTexts(texts: readonly string[]): string[] {
  return texts.length < 2 ? texts.filter((text) => text !== "") : [...new Set(texts)].filter((text) => text !== "");
}

function compareNumbers(a: string, b: string): number {
  return BigInt(a) < BigInt(b) ? -1 : 1;
}

function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
