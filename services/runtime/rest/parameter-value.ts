import type { DescEnum, DescField, JsonValue } from "@bufbuild/protobuf";
import { invalidField } from "../../domain/request-fields.ts";
import { textForm, type ValueForm } from "./text-forms.ts";

/**
 * A parameter's text as the JSON of its field, or of one item where the field has many. `name`: as the caller wrote it.
 *
 * @throws LogPulseError `invalid_request` naming parameter, value and what is wanted.
 */
export function parameterValue(field: DescField, name: string, text: string): JsonValue {
  const form = formOf(field);
  if (form === undefined) throw invalidField(name, "is a message; give the fields in it, or send it in a body");
  const value = form.read(text);
  if (value === undefined) throw invalidField(name, `is ${JSON.stringify(text)}; it must be ${form.wanted}`);
  return value;
}

function formOf(field: DescField): ValueForm | undefined {
  return field.enum !== undefined && field.fieldKind !== "map" ? enumForm(field.enum) : textForm(field);
}

function enumForm({ values }: DescEnum): ValueForm {
  return {
    wanted: `one of ${values.map(({ name }) => name).join(", ")}, or its number`,
    read: (text) =>
      values.find(({ name, number }) => name === text || (/^[+-]?\d{1,10}$/.test(text) && Number(text) === number))
        ?.name,
  };
}
