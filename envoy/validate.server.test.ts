import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { validateEnvoy } from "../stack/envoy.ts";
import { haveServers } from "../stack/have-servers.ts";
import { renderEnvoy } from "./render.ts";
import { DESCRIPTOR_PATH } from "./testing/test-door.ts";

describe.skipIf(!haveServers("envoy"))("Envoy takes", () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "logpulse-envoy-validate-"));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("envoy.yaml, as compose mounts it", async () => {
    // What is elsewhere here: compose mounts the descriptor set at this path.
    const text = readFileSync(join(import.meta.dirname, "envoy.yaml"), "utf8");
    expect(text).toContain("/etc/envoy/logpulse.binpb");
    const file = join(directory, "compose.yaml");
    writeFileSync(file, text.replaceAll("/etc/envoy/logpulse.binpb", DESCRIPTOR_PATH));
    expect(await validateEnvoy(file)).toBeUndefined();
  });

  it("what is rendered for the stack", async () => {
    const ingest = ["127.0.0.1:9001", "127.0.0.1:9002", "127.0.0.1:9003"];
    const roles = { ingest, query: ["127.0.0.1:9004"], stats: ["127.0.0.1:9005"], worker: ["127.0.0.1:9006"] };
    const file = join(directory, "stack.yaml");
    writeFileSync(file, renderEnvoy({ ...roles, listenPort: 8080, adminPort: 9901, descriptorPath: DESCRIPTOR_PATH }));
    expect(await validateEnvoy(file)).toBeUndefined();
  });
});
