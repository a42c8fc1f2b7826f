import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it, vi } from "vitest";

/** An empty cache, as on a machine without an install. It is read when a module is loaded, so each test loads them anew. */
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "logpulse-cache-"));
  vi.resetModules();
  vi.stubEnv("STACK_CACHE", cache);
  vi.stubEnv("CI", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(cache, { recursive: true });
});

describe("haveServers", () => {
  it("says aloud what is missing and how to install it", async () => {
    const { haveServers } = await import("./have-servers.ts");
    const said: string[] = [];
    vi.spyOn(console, "warn").mockImplementation((line) => void said.push(line));
    assert.equal(haveServers("kafka", "envoy"), false);
    assert.match(said.join("\n"), /kafka \(kafka \S+ is not in the cache\), envoy \(.*npm run stack:install/);
  });

  it("fails in CI, where a skipped test would pass for a green one", async () => {
    const { haveServers } = await import("./have-servers.ts");
    vi.stubEnv("CI", "true");
    assert.throws(() => haveServers("envoy"), /real servers are missing: envoy/);
  });
});

describe("a piece in the cache", () => {
  it("counts only with its mark, and only on the platform that it was fetched for", async () => {
    const { COMPLETE_MARK, installedServers, PIECES, pieceMark } = await import("./installed.ts");
    const hasEnvoy = (): boolean => installedServers().installed.includes("envoy");
    mkdirSync(PIECES.envoy);
    assert.equal(hasEnvoy(), false);
    writeFileSync(join(PIECES.envoy, COMPLETE_MARK), "plan9 mips\n");
    assert.equal(hasEnvoy(), false);
    writeFileSync(join(PIECES.envoy, COMPLETE_MARK), pieceMark());
    assert.equal(hasEnvoy(), true);
  });
});
