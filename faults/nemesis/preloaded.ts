import { pathToFileURL } from "node:url";
import type { Role } from "../../stack/roles.ts";

/**
 * The role with a file that Node runs before the program itself: it can decorate libraries and classes, so that the real
 * process misbehaves at a marked point without any hook in it.
 */
export function preloaded(role: Role, file: string, variables: Record<string, string> = {}): Role {
  return { ...role, env: { ...role.env, ...variables, NODE_OPTIONS: `--import=${pathToFileURL(file).href}` } };
}
