import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { credentials, type GrpcObject, loadPackageDefinition, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { describe, it, onTestFinished } from "vitest";
import { startTestServer, until } from "./test-server.ts";

const INGEST = "logpulse.v1.IngestService";
const STATS = "logpulse.v1.StatsService";

/** A client made from the standard's own .proto file, by another protobuf library. */
function healthClient(address: string) {
  const protos = join(dirname(createRequire(import.meta.url).resolve("grpc-health-check/package.json")), "proto");
  const loaded = loadPackageDefinition(loadSync("health/v1/health.proto", { enums: String, includeDirs: [protos] }));
  const { Health } = ((loaded.grpc as GrpcObject).health as GrpcObject).v1 as GrpcObject;
  const client = new (Health as ServiceClientConstructor)(address, credentials.createInsecure());
  onTestFinished(() => client.close());
  const check = (service: string) =>
    new Promise<string>((resolve) =>
      client.check!({ service }, (error: { code: number } | null, answer: { status: string }) =>
        resolve(error ? `code ${error.code}` : answer.status),
      ),
    );
  const watch = (service: string) => {
    const seen: string[] = [];
    const stream = client.watch!({ service });
    stream.on("data", ({ status }: { status: string }) => seen.push(status));
    stream.on("error", (error: { code: number }) => seen.push(`code ${error.code}`));
    stream.on("end", () => seen.push("end"));
    return { seen, stream };
  };
  return { check, watch };
}

describe("gRPC health", () => {
  it("follows the parts that each service needs", async () => {
    let logAnswers = true;
    const checks = [
      { name: "log", services: [INGEST], check: async () => (logAnswers ? undefined : Promise.reject(new Error("away"))) },
      { name: "store", services: [STATS], check: async () => Promise.reject(new Error("away")) },
    ];
    const { address } = await startTestServer({ checks, limits: { healthRefreshMs: 20 } });
    const { check, watch } = healthClient(address);
    assert.equal(await check(""), "SERVING");
    assert.equal(await check(STATS), "NOT_SERVING");
    assert.equal(await check("nobody's"), "code 5");
    const { seen } = watch(INGEST);
    await until(() => seen.at(-1) === "SERVING");
    logAnswers = false;
    await until(() => seen.at(-1) === "NOT_SERVING");
    assert.equal(await check(INGEST), "NOT_SERVING");
    assert.equal(await check(""), "SERVING");
    logAnswers = true;
    await until(() => seen.at(-1) === "SERVING");
    assert.deepEqual(seen.slice(-3), ["SERVING", "NOT_SERVING", "SERVING"]);
  });

  it("tells those who watch that the process stops, and does not hold it up", async () => {
    const { address, server } = await startTestServer();
    const { watch } = healthClient(address);
    const [whole, unknown] = [watch(""), watch("nobody's")];
    await until(() => whole.seen.length === 1 && unknown.seen.length === 1);
    const before = performance.now();
    await server.stop();
    assert.ok(performance.now() - before < 500);
    await until(() => whole.seen.includes("end") && unknown.seen.length > 1);
    assert.deepEqual(whole.seen, ["SERVING", "NOT_SERVING", "end"]);
    assert.equal(unknown.seen[0], "SERVICE_UNKNOWN");
  });

});
