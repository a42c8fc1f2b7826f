/** A part of a path: these characters, or whatever stands there. */
export type TemplateSegment = { readonly literal: string } | { readonly variable: string };

/** The path of a google.api.http rule. */
export interface PathTemplate {
  /** As the contract has it: "/v1/logs/{id}". */
  readonly text: string;
  readonly segments: readonly TemplateSegment[];
  /** What stands behind the colon at the end; empty for none. */
  readonly verb: string;
}

const WHOLE = /^(?<path>(?:\/[^/:]+)+)(?::(?<verb>[A-Za-z][A-Za-z0-9]*))?$/;
const LITERAL = /^[A-Za-z0-9._-]+$/;
const VARIABLE = /^\{([a-z][a-z0-9_]*)\}$/;

/**
 * Reads a template of the forms that the contract uses: literals, variables of one segment, one verb at the end.
 *
 * @throws Error for any other form (wildcards, patterns of variables, nested fields): the server does not start with it.
 */
export function compileTemplate(text: string): PathTemplate {
  const { path, verb = "" } = WHOLE.exec(text)?.groups ?? {};
  const segments = path?.slice(1).split("/").map(compileSegment) ?? [];
  if (segments.length === 0 || segments.includes(undefined)) {
    throw new Error(`the path template "${text}" is not made of literals, {field} and a :verb at its end only`);
  }
  return { text, segments: segments as TemplateSegment[], verb };
}

function compileSegment(text: string): TemplateSegment | undefined {
  const variable = VARIABLE.exec(text)?.[1];
  if (variable !== undefined) return { variable };
  return LITERAL.test(text) ? { literal: text } : undefined;
}
