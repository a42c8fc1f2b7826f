import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, it } from "vitest";

/** A source file: its path from the repository's root, with slashes, and its text. */
interface Source {
  path: string;
  text: string;
}

const ROOT = join(import.meta.dirname, "..");
const ROLES = ["ingest", "worker", "query", "stats"];

/** What each layer may import beside itself. Roles and adapters import no other role or adapter. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  gen: [],
  domain: ["gen"],
  ports: ["domain", "gen"],
  role: ["ports", "domain", "gen"],
  adapter: ["ports", "domain", "gen"],
  runtime: ["ports", "domain", "gen"],
  config: ["domain"],
  wiring: ["config", "runtime", "adapter", "role", "ports", "domain", "gen"],
  main: ["wiring", "config", "runtime", "adapter", "role", "ports", "domain", "gen"],
  cli: ["ports", "domain", "gen"],
};

/** What those who decide and compute may take from outside: nothing that does I/O. */
const PURE_LAYERS = ["domain", "ports", "role"];
const PURE_PACKAGES = /^(@bufbuild\/protobuf(\/\w+)?|node:(crypto|zlib|buffer))$/;
const CLOCKS = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(/;

/** Tests and what only they use: they may import every layer, and no other file may import them. */
const isTestSide = (path: string) => /\.(test|contract|fixture|arbitrary)\.ts$/.test(path);

/** "services/adapters/kafka/topics.ts" → layer "adapter", unit "services/adapters/kafka" */
function placeOf(path: string): { layer: string; unit: string } | undefined {
  const [top, second = "", third] = path.split("/");
  if (top === "gen") return { layer: "gen", unit: "gen" };
  if (top === "cli") return { layer: "cli", unit: "cli" };
  if (top !== "services") return undefined;
  if (second === "adapters") return { layer: "adapter", unit: `services/adapters/${third}` };
  if (ROLES.includes(second)) return { layer: "role", unit: `services/${second}` };
  if (second === "main.ts") return { layer: "main", unit: "services/main.ts" };
  if (second.endsWith(".ts")) return { layer: "config", unit: "services" };
  return { layer: second, unit: `services/${second}` };
}

function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const statements =
    /\b(?:import|export)\s+(?:[\w$*{},\s]+\sfrom\s+)?["']([^"'\n]+)["']|\bimport\(\s*["'`]([^"'`]+)["'`]/g;
  return [...code.matchAll(statements)].map((match) => (match[1] ?? match[2])!);
}

/** Every breach of the rules in these files, one sentence each. */
function violations(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => [
    ...importViolations(source),
    ...contentViolations(source),
    ...(/(^|[-./])(utils?|helpers?|common)([-./]|$)/i.test(source.path)
      ? [`${source.path} has a name that says nothing`]
      : []),
  ]);
}

function importViolations({ path, text }: Source): string[] {
  return importsOf(text).flatMap((specifier) => {
    const broken = (why: string) => [`${path} imports ${specifier}: ${why}`];
    const from = placeOf(path);
    if (!specifier.startsWith(".")) {
      const pure = from && PURE_LAYERS.includes(from.layer) && !isTestSide(path);
      return pure && !PURE_PACKAGES.test(specifier) ? broken(`${from.layer} takes nothing that does I/O`) : [];
    }
    const target = posix.join(posix.dirname(path), specifier);
    if (target === "services/main.ts") return broken("nothing imports main");
    if (isTestSide(path)) return [];
    if (isTestSide(target)) return broken("only tests import what is made for tests");
    if (from === undefined) return [];
    const to = placeOf(target);
    if (from.layer === "cli" && target.startsWith("clients/")) return [];
    if (to === undefined) return broken("it lies outside of services/ and gen/");
    if (to.unit === from.unit || MAY_IMPORT[from.layer]?.includes(to.layer)) return [];
    return broken(`${from.layer} may not import ${to.layer === from.layer ? `another ${to.layer}` : to.layer}`);
  });
}

function contentViolations({ path, text }: Source): string[] {
  const place = placeOf(path);
  if (place === undefined || isTestSide(path)) return [];
  const found: string[] = [];
  if (text.includes("process.env") && !["config", "main"].includes(place.layer))
    found.push(`${path} reads the environment`);
  if (["domain", "role"].includes(place.layer) && CLOCKS.test(text))
    found.push(`${path} has a clock or a die of its own`);
  return found;
}

function sourcesOf(...patterns: string[]): Source[] {
  const exclude = ["**/node_modules/**", "stack/.cache/**", "stack/.run/**", "services/architecture.test.ts"];
  return globSync(patterns, { cwd: ROOT, exclude }).map((file) => ({
    path: file.replaceAll("\\", "/"),
    text: readFileSync(join(ROOT, file), "utf8"),
  }));
}

describe("the architecture", () => {
  it("has imports that point one way, one reader of the environment, and names that say something", () => {
    const sources = sourcesOf("services/**/*.ts", "gen/**/*.ts", "{cli,clients,stack,tests,envoy,bench,docs}/**/*.ts");
    assert.ok(sources.length > 50, "the files were found");
    assert.deepEqual(violations(sources), []);
  });

  it("knows every layer that there is", () => {
    const layers = new Set(sourcesOf("services/**/*.ts").map(({ path }) => placeOf(path)?.layer));
    const unknown = [...layers].filter((layer) => !(layer! in MAY_IMPORT));
    assert.deepEqual(unknown, []);
  });
});

describe("the check itself", () => {
  it.each([
    ["services/ingest/a.ts", 'import { b } from "../query/b.ts";', /role may not import another role/],
    ["services/ingest/a.ts", 'import { b } from "../adapters/kafka/b.ts";', /role may not import adapter/],
    ["services/worker/a.ts", 'import type {\n  B,\n} from "../runtime/b.ts";', /role may not import runtime/],
    ["services/adapters/kafka/a.ts", 'export * from "../redis/b.ts";', /adapter may not import another adapter/],
    ["services/adapters/kafka/a.ts", 'const b = await import("../../runtime/b.ts");', /adapter may not import runtime/],
    ["services/ports/a.ts", 'import "../ingest/b.ts";', /ports may not import role/],
    ["services/domain/a.ts", 'import { b } from "../ports/b.ts";', /domain may not import ports/],
    ["services/domain/a.ts", 'import { readFileSync } from "node:fs";', /nothing that does I\/O/],
    ["services/query/a.ts", 'import { Client } from "@elastic/elasticsearch";', /nothing that does I\/O/],
    ["services/runtime/a.ts", 'import { b } from "../config.ts";', /runtime may not import config/],
    ["services/runtime/a.ts", 'import { b } from "../../stack/b.ts";', /outside of services/],
    ["services/runtime/a.ts", 'import { b } from "./b.fixture.ts";', /only tests import/],
    ["services/wiring/a.ts", 'import "../main.ts";', /nothing imports main/],
    ["services/runtime/a.test.ts", 'import "../main.ts";', /nothing imports main/],
    ["tests/a.test.ts", 'import { main } from "../services/main.ts";', /nothing imports main/],
    ["services/adapters/redis/a.ts", "const url = process.env.REDIS;", /reads the environment/],
    ["services/domain/a.ts", "const now = Date.now();", /a clock or a die/],
    ["services/worker/a.ts", "const wait = Math.random() * 100;", /a clock or a die/],
    ["services/domain/string-utils.ts", "", /says nothing/],
    ["cli/send/a.ts", 'import { b } from "../../services/ingest/b.ts";', /cli may not import role/],
    ["cli/a.ts", 'import { b } from "../stack/b.ts";', /outside of services/],
    ["cli/a.ts", "const address = process.env.LOGPULSE_ADDR;", /reads the environment/],
    ["services/query/a.ts", 'import { b } from "../../cli/b.ts";', /role may not import cli/],
    ["services/common/a.ts", "", /says nothing/],
    ["clients/helpers.ts", "", /says nothing/],
  ])("finds what is wrong with %s: %s", (path, text, expected) => {
    const [found, ...more] = violations([{ path, text }]);
    assert.match(found ?? "nothing", expected);
    assert.deepEqual(more, []);
  });

  it.each([
    ["services/ingest/a.ts", 'import { b } from "./b.ts";\nimport type { C } from "../ports/c.ts";'],
    [
      "services/ingest/a.ts",
      '// import { b } from "../query/b.ts";\n/** See import "../main.ts". */\nconst text = "from ../query";',
    ],
    ["services/ingest/a.test.ts", 'import { b } from "../adapters/memory/b.ts";\nimport fc from "fast-check";'],
    ["services/adapters/kafka/a.ts", 'import { Kafka } from "kafkajs";\nimport { b } from "../../domain/b.ts";'],
    ["services/runtime/a.ts", "const now = Date.now();"],
    ["services/wiring/a.ts", 'import { b } from "../adapters/kafka/b.ts";\nimport { c } from "../ingest/c.ts";'],
    ["services/main.ts", "readConfig(process.env);"],
    ["cli/a.ts", 'import { b } from "../services/domain/b.ts";\nimport { c } from "../clients/c.ts";'],
    ["stack/a.ts", 'import { b } from "../services/domain/b.ts";\nconst path = process.env.PATH;'],
    ["services/domain/commonwealth.ts", ""],
  ])("finds nothing wrong with %s: %s", (path, text) => assert.deepEqual(violations([{ path, text }]), []));
});
