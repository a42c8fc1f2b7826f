import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { LogPulseError } from "../../domain/errors.ts";
import { invalidField } from "../../domain/request-fields.ts";

/** A way from a message down to one of its fields. */
export type FieldPath = readonly [DescField, ...DescField[]];

/**
 * The field that a parameter names: "page_size", "pageSize", "filter.start_time".
 *
 * @throws LogPulseError `invalid_request`: there is no such field, or a parameter cannot say which of many it means.
 */
export function resolveFieldPath(desc: DescMessage, name: string): FieldPath {
  const fields: DescField[] = [];
  let message: DescMessage | undefined = desc;
  for (const part of name.split(".")) {
    const outer = fields.at(-1);
    if (message === undefined) throw invalidField(name, `is no parameter: ${outer?.name} ${whatItIs(outer)}`);
    const field: DescField | undefined = message.fields.find((each) => each.name === part || each.jsonName === part);
    if (field === undefined) throw unknownField(name, message);
    fields.push(field);
    message = field.fieldKind === "message" ? field.message : undefined;
    // Times, durations and the like are one value in JSON, and so they are here.
    if (message?.typeName.startsWith("google.protobuf.")) message = undefined;
  }
  return fields as [DescField, ...DescField[]];
}

function whatItIs(field: DescField | undefined): string {
  return field?.fieldKind === "list" || field?.fieldKind === "map" ? "has many values" : "is one value";
}

function unknownField(name: string, { fields }: DescMessage): LogPulseError {
  const known = fields.map((field) => field.name).join(", ");
  const message =
    known === "" ? `${name} is no parameter: there are none` : `${name} is no parameter; known are ${known}`;
  return new LogPulseError("invalid_request", message, { metadata: { field: name } });
}
