import type { RestRule } from "./http-rules.ts";

/** What stands at a request's path. */
export type FoundRoute =
  /** A route. `variables`: the raw text of each variable of its template. */
  | { readonly kind: "route"; readonly rule: RestRule; readonly variables: ReadonlyMap<string, string> }
  /** Routes, but none for this method. */
  | { readonly kind: "other_method"; readonly allowed: readonly string[] }
  | { readonly kind: "none" };

/** Finds the route of a request as Envoy's transcoder does. */
export class RestRoutes {
  private readonly byShape = new Map<string, RestRule[]>();
  private readonly verbs: ReadonlySet<string>;

  /** @throws Error where two rules want the same requests. */
  constructor(rules: readonly RestRule[]) {
    this.verbs = new Set(rules.map(({ template }) => template.verb).filter((verb) => verb !== ""));
    const seen = new Set<string>();
    for (const rule of rules) {
      const { segments, verb } = rule.template;
      const form = `${rule.httpMethod} ${segments.map((each) => ("literal" in each ? each.literal : "{}")).join("/")}:${verb}`;
      if (seen.has(form)) throw new Error(`two google.api.http rules are ${rule.httpMethod} ${rule.template.text}`);
      seen.add(form);
      const shape = shapeOf(segments.length, verb);
      this.byShape.set(shape, [...(this.byShape.get(shape) ?? []), rule].sort(literalsFirst));
    }
  }

  /** `path`: as `readTarget` gives it. A slash at its end makes no difference, an empty part in it fits nothing. */
  find(httpMethod: string, path: string): FoundRoute {
    const { parts, verb } = this.takeApart(path);
    const fitting = (this.byShape.get(shapeOf(parts.length, verb)) ?? []).filter((rule) => fits(rule, parts));
    const rule = fitting.find((each) => each.httpMethod === httpMethod);
    if (rule !== undefined) return { kind: "route", rule, variables: variablesOf(rule, parts) };
    if (fitting.length === 0) return { kind: "none" };
    return { kind: "other_method", allowed: [...new Set(fitting.map((each) => each.httpMethod))].sort() };
  }

  /** A colon in the last part begins a verb only where a rule has that verb: ids may have colons. */
  private takeApart(path: string): { parts: readonly string[]; verb: string } {
    const colon = path.lastIndexOf(":");
    const ending = path.slice(colon + 1);
    const hasVerb = colon > path.lastIndexOf("/") && this.verbs.has(ending);
    const parts = (hasVerb ? path.slice(0, colon) : path).slice(1).split("/");
    while (parts.at(-1) === "") parts.pop();
    return { parts, verb: hasVerb ? ending : "" };
  }
}

const shapeOf = (parts: number, verb: string) => `${parts}:${verb}`;

function fits({ template }: RestRule, parts: readonly string[]): boolean {
  return template.segments.every((segment, index) =>
    "literal" in segment ? segment.literal === parts[index] : parts[index] !== "",
  );
}

function variablesOf({ template }: RestRule, parts: readonly string[]): Map<string, string> {
  const variables = new Map<string, string>();
  template.segments.forEach((segment, index) => {
    if ("variable" in segment) variables.set(segment.variable, parts[index]!);
  });
  return variables;
}

/** Where two templates fit, the one that has a literal where the other has a variable is meant. */
function literalsFirst(a: RestRule, b: RestRule): number {
  const places = (rule: RestRule) => rule.template.segments.map((each) => ("literal" in each ? "0" : "1")).join("");
  return places(a).localeCompare(places(b));
}
