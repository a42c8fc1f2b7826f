import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const fresh = mkdtempSync(join(tmpdir(), "logpulse-gen-"));
const buf = (...args: string[]) =>
  execFileSync(join(ROOT, "node_modules", ".bin", "buf"), args, { cwd: ROOT, encoding: "utf8", stdio: "pipe" });

/** Every file below a folder, by its path from there. */
function filesOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(paths.sort().map((path) => [path.slice(folder.length), readFileSync(path, "latin1")]));
}

afterAll(() => rmSync(fresh, { recursive: true }));

describe("gen/ is what proto/ makes: npm run gen", () => {
  it("the TypeScript and the descriptor set", () => {
    buf("generate", "--output", fresh);
    buf("build", "--as-file-descriptor-set", "--output", join(fresh, "gen", "logpulse.binpb"));
    const [made, committed] = [filesOf(join(fresh, "gen")), filesOf(join(ROOT, "gen"))];
    expect(Object.keys(committed)).toEqual(Object.keys(made));
    for (const [path, text] of Object.entries(made)) expect(committed[path] === text, `${path} is stale`).toBe(true);
  }, 60_000);

  it("carries what errors and REST need: google.rpc's details and google.api.http (a set of one file would lack them)", () => {
    const set = readFileSync(join(ROOT, "gen", "logpulse.binpb"), "latin1");
    for (const name of ["google/rpc/error_details.proto", "google/api/annotations.proto"]) expect(set).toContain(name);
  });
});
