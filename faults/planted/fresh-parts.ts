import { join } from "node:path";
import { vi } from "vitest";

/** The classes of LogPulse, as one import of them has them. */
export type ProductParts = typeof import("./product-parts.ts");

/** A module of LogPulse of which some exports are exchanged, for everything that imports it. */
export interface ChangedModule {
  /** From services/ on. */
  path: string;
  /** What to put in the place of which exports. */
  change(original: object): object;
}

/** `Module`: `typeof import(…)` of that path. */
export function changed<Module extends object>(
  path: string,
  change: (original: Module) => Partial<Module>,
): ChangedModule {
  return { path, change: (original) => change(original as Module) };
}

let importing: Promise<unknown> = Promise.resolve();

/**
 * All parts imported anew, with these modules changed: other imports of them, before and after, are not touched. One at
 * a time, since the list of changed modules is the whole test file's.
 *
 * `importParts`: imports those that are wanted. Default: those of the full mode.
 */
export function freshParts(modules: readonly ChangedModule[]): Promise<ProductParts>;
export function freshParts<Parts>(modules: readonly ChangedModule[], importParts: () => Promise<Parts>): Promise<Parts>;
export function freshParts(
  modules: readonly ChangedModule[],
  importParts: () => Promise<object> = () => import("./product-parts.ts"),
): Promise<object> {
  const fresh = importing.then(() => importChanged(modules, importParts));
  importing = fresh.catch(() => undefined);
  return fresh;
}

async function importChanged(modules: readonly ChangedModule[], importParts: () => Promise<object>): Promise<object> {
  const paths = modules.map(({ path }) => join(import.meta.dirname, "..", "..", "services", path));
  let used = 0;
  for (const [index, { change }] of modules.entries()) {
    vi.doMock(paths[index]!, async (importOriginal) => {
      used++;
      const original = await importOriginal<object>();
      return { ...original, ...change(original) };
    });
  }
  vi.resetModules();
  try {
    const parts = await importParts();
    if (used !== modules.length) throw new Error(`of ${modules.length} changed modules ${used} are part of LogPulse`);
    return parts;
  } finally {
    for (const path of paths) vi.doUnmock(path);
  }
}
