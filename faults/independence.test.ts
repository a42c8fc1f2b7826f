import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** What may be reached from the checker, however many imports lie between, and from the load clients. */
const RULES = [
  {
    from: "faults/checker/**/*.ts",
    within: /^(faults\/(checker|ledger)|gen)\//,
    packages: /^(@bufbuild\/protobuf(\/.*)?|@platformatic\/kafka|mysql2|vitest|node:.*)$/,
  },
  {
    from: "faults/load/*.ts",
    within: /^(faults\/(load|ledger)|gen)\/|^faults\/nemesis\/tcp-proxy\.ts$/,
    packages: /^(@bufbuild\/protobuf(\/.*)?|@grpc\/grpc-js|vitest|node:.*)$/,
  },
];

function importsOf(text: string): string[] {
  const statements = /\b(?:import|export)\s+(?:[\w$*{},\s]+\sfrom\s+)?["']([^"'\n]+)["']|\bimport\(\s*["'`]([^"'`]+)/g;
  return [...text.matchAll(statements)].map((match) => (match[1] ?? match[2])!);
}

/** Every import that leads out of `within`, over all files that can be reached. `read`: a file's text. */
function strayImports(
  starts: readonly string[],
  { within, packages }: { within: RegExp; packages: RegExp },
  read: (path: string) => string,
): string[] {
  const seen = new Set<string>();
  const stray: string[] = [];
  const visit = (path: string) => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const specifier of importsOf(read(path))) {
      if (!specifier.startsWith(".")) {
        if (!packages.test(specifier)) stray.push(`${path} imports ${specifier}`);
        continue;
      }
      const target = posix.join(posix.dirname(path), specifier);
      if (within.test(target)) visit(target);
      else stray.push(`${path} imports ${target}`);
    }
  };
  for (const start of starts) visit(start);
  return stray;
}

/**
 * What judges LogPulse must not be LogPulse: a mistake in a part that both use would be invisible. They share the generated
 * code of the contract, which is made from the proto files by others, and nothing else.
 */
describe("a code path of its own", () => {
  it.each(RULES)("has $from", (rule) => {
    const starts = globSync(rule.from, { cwd: ROOT }).map((file) => file.replaceAll("\\", "/"));
    expect(starts.length).toBeGreaterThan(5);
    expect(strayImports(starts, rule, (path) => readFileSync(join(ROOT, path), "utf8"))).toEqual([]);
  });

  it.each([
    ["services", { "faults/checker/a.ts": 'import { x } from "../../services/domain/x.ts";' }],
    [
      "services behind another file",
      {
        "faults/checker/a.ts": 'export * from "../ledger/b.ts";',
        "faults/ledger/b.ts": 'import "../../services/b.ts";',
      },
    ],
    ["what starts processes", { "faults/checker/a.ts": 'import type { X } from "../scene/x.ts";' }],
    ["the client that the workers read with", { "faults/checker/a.ts": 'import kafkajs from "kafkajs";' }],
    ["services, late", { "faults/checker/a.ts": 'await import("../../services/x.ts");' }],
  ])("would be missed with an import of %s", (_what, files: Record<string, string>) => {
    expect(strayImports(["faults/checker/a.ts"], RULES[0]!, (path) => files[path] ?? "")).toHaveLength(1);
  });
});
