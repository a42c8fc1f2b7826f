import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** The top of the repository. */
export const ROOT = join(import.meta.dirname, "..", "..");

/** The text of a file of the repository; `path` from its top. */
export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** What the tests look at in a service of docker-compose.yml. Values still have their variables: "${NAME:-default}". */
export interface ComposeService {
  image: string;
  build?: string;
  command?: string | string[];
  entrypoint?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
  profiles?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  restart?: string;
  init?: boolean;
  mem_limit?: string;
  stop_grace_period?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  pre_stop?: { command: string[] }[];
  /** Why there is no health check. */
  "x-no-healthcheck"?: string;
}

/** docker-compose.yml with its anchors and merges resolved, as Compose reads it. */
export const compose = parse(textOf("docker-compose.yml"), { merge: true }) as {
  services: Record<string, ComposeService>;
  volumes: Record<string, unknown>;
};

/** The services that are our own program, as a server. */
export const roles = Object.entries(compose.services).filter(([, { environment }]) => environment?.ROLES);

/** A variable that docker-compose.yml takes from `.env` or the shell. */
export interface ComposeVariable {
  name: string;
  /** What follows the name: ":-3", ":?choose it", or nothing. */
  rest: string;
}

/** All of them, each once for every way in which it is written. Comments do not count. */
export function composeVariables(): ComposeVariable[] {
  const code = textOf("docker-compose.yml").replace(/(^|\s)#.*$/gm, "");
  // "$$" is a dollar for the container's own shell.
  const found = [...code.replaceAll("$$", "").matchAll(/\$(?:\{(\w+)([^}]*)\}|(\w+))/g)];
  const variables = found.map(([, braced, rest, bare]) => ({ name: braced ?? bare!, rest: rest ?? "" }));
  return [...new Map(variables.map((variable) => [variable.name + variable.rest, variable])).values()];
}

/** A service's environment as its container sees it when .env has the passwords and nothing else. */
export function environmentOf(service: ComposeService, password = "secret"): Record<string, string> {
  return Object.fromEntries(
    Object.entries(service.environment ?? {}).map(([name, value]) => [
      name,
      String(value)
        .replace(/\$\{\w+:-([^}]*)\}/g, "$1")
        .replace(/\$\{\w+:\?[^}]*\}/g, password),
    ]),
  );
}
