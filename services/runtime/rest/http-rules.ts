import { type DescField, type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { http } from "../../../gen/google/api/annotations_pb.ts";
import type { HttpRule } from "../../../gen/google/api/http_pb.ts";
import type { AnyHandler, ServiceHandlers } from "../../ports/service-handlers.ts";
import { compileTemplate, type PathTemplate } from "./path-template.ts";

/** What of the request message the body is: all of it, one field, or nothing. */
export type BodyPlace = { readonly kind: "whole" | "none" } | { readonly kind: "field"; readonly field: DescField };

/** One route of REST, and the call behind it. */
export interface RestRule {
  /** "GET", "POST", … */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  readonly body: BodyPlace;
  readonly method: DescMethod;
  readonly handler: AnyHandler;
}

/**
 * The rules of google.api.http on the methods of these services, additional ones included.
 *
 * @throws Error where a rule says what is not served here; the server does not start with it.
 */
export function httpRules(services: readonly ServiceHandlers[]): RestRule[] {
  return services
    .flatMap(({ methods }) => methods)
    .flatMap(({ method, handler }) => {
      if (!hasOption(method, http)) return [];
      const rule = getOption(method, http);
      return [rule, ...rule.additionalBindings].map((each) => ({ ...readRule(method, each), method, handler }));
    });
}

function readRule(method: DescMethod, { pattern, body, responseBody }: HttpRule): Omit<RestRule, "method" | "handler"> {
  const unsupported = (what: string) =>
    new Error(`the google.api.http rule of ${method.parent.typeName}.${method.name} ${what}`);
  if (pattern.case === undefined || pattern.case === "custom") throw unsupported("has no method of HTTP's own");
  if (responseBody !== "") throw unsupported(`has response_body "${responseBody}"`);
  if (method.methodKind === "bidi_streaming") throw unsupported("is on a method that streams both ways");
  const template = compileTemplate(pattern.value);
  for (const segment of template.segments) {
    if (!("variable" in segment)) continue;
    const field = method.input.fields.find(({ name }) => name === segment.variable);
    if (field?.fieldKind !== "scalar") throw unsupported(`has {${segment.variable}}, which is no plain field`);
  }
  const place = bodyPlace(method, body);
  if (place === undefined) throw unsupported(`has body "${body}", which is no field`);
  if (method.methodKind === "client_streaming" && place.kind !== "whole")
    throw unsupported('has a body other than "*"');
  return { httpMethod: pattern.case.toUpperCase(), template, body: place };
}

function bodyPlace(method: DescMethod, body: string): BodyPlace | undefined {
  if (body === "") return { kind: "none" };
  if (body === "*") return { kind: "whole" };
  const field = method.input.fields.find(({ name }) => name === body);
  return field && { kind: "field", field };
}
