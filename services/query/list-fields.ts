import { create } from "@bufbuild/protobuf";
import {
  type Field,
  FieldSchema,
  type ListFieldsRequest,
  Field_Type as Type,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { type AttributeLeaf, attributeLeaves } from "../domain/attribute-leaves.ts";
import { ATTRIBUTE_OPERATORS, attributeFieldName, FIELD_NAMES } from "../domain/field-names.ts";
import { ATTRIBUTES_LISTED_MAX, FIELDS_RECORDS_LOOKED_AT_MAX } from "../domain/limits.ts";
import type { StoredRecord } from "../domain/stored-record.ts";
import type { LogSearch } from "../ports/log-search.ts";
import type { CallContext } from "../ports/service-handlers.ts";
import { readRecordQuery } from "./read-questions.ts";
import { wholeSearch } from "./whole-search.ts";

/** The fields that every record may have, and the attributes of the newest records that meet the question. */
export async function listFields(search: LogSearch, request: ListFieldsRequest, context: CallContext) {
  const query = readRecordQuery(context.tenant, request);
  const page = { size: FIELDS_RECORDS_LOOKED_AT_MAX, order: "newest_first", after: undefined } as const;
  const { records } = await wholeSearch(search, query, page, context.signal);
  const fields = FIELD_NAMES.map(({ name, type, operators }) => ({ name, type, operators: [...operators] }));
  return { fields: [...fields, ...attributeFields(records)], recordsLookedAt: records.length };
}

/** The most frequent first; of equally frequent ones in the order of their names. */
function attributeFields(records: readonly StoredRecord[]): Field[] {
  const found = new Map<string, { records: number; kinds: Set<string> }>();
  for (const { record } of records) {
    if (!record.attributes) continue;
    for (const [path, leaves] of Map.groupBy(attributeLeaves(record.attributes), ({ path }) => path)) {
      const known = found.get(path) ?? { records: 0, kinds: new Set<AttributeLeaf["kind"]>() };
      found.set(path, known);
      known.records += 1;
      for (const { kind } of leaves) known.kinds.add(kind);
    }
  }
  return [...found]
    .map(([path, { records, kinds }]) =>
      create(FieldSchema, {
        name: attributeFieldName(path),
        type: Type.ATTRIBUTE,
        operators: [...ATTRIBUTE_OPERATORS],
        records,
        kinds: [...kinds].sort(),
      }),
    )
    .sort((a, b) => b.records - a.records || (a.name < b.name ? -1 : 1))
    .slice(0, ATTRIBUTES_LISTED_MAX);
}
