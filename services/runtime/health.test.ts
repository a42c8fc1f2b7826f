import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Metadata, type ServiceError } from "@grpc/grpc-js";
import { describe, it } from "vitest";
import { grpcClient, startTestServer, until } from "./server.fixture.ts";
import { declareMessages, grpcFrame, openHttp2 } from "./wire.fixture.ts";

const INGEST = "logpulse.v1.IngestService";
const STATS = "logpulse.v1.StatsService";
const STATUS_NAMES = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** grpc.health.v1 as the standard has it (the enum as the number that it is on the wire). */
const health = declareMessages("grpc.health.v1", {
  HealthCheckRequest: [{ name: "service", number: 1, type: "TYPE_STRING" }],
  HealthCheckResponse: [{ name: "status", number: 1, type: "TYPE_INT32" }],
});

function healthClient(address: string) {
  const client = grpcClient(address);
  const encode = (service: string) => Buffer.from(toBinary(...health("HealthCheckRequest", { service })));
  const decode = (bytes: Buffer) =>
    STATUS_NAMES[(fromBinary(health("HealthCheckResponse", {})[0], bytes) as unknown as { status: number }).status]!;
  const check = (service: string) =>
    new Promise<string>((resolve) => {
      const path = "/grpc.health.v1.Health/Check";
      client.makeUnaryRequest(path, encode, decode, service, new Metadata(), {}, (error, status) =>
        resolve(error ? `code ${error.code}` : status!),
      );
    });
  const watch = (service: string) => {
    const seen: string[] = [];
    const stream = client.makeServerStreamRequest("/grpc.health.v1.Health/Watch", encode, decode, service);
    stream.on("data", (status: string) => seen.push(status));
    stream.on("error", (error: ServiceError) => seen.push(`code ${error.code}`));
    stream.on("end", () => seen.push("end"));
    return { seen };
  };
  return { check, watch };
}

describe("gRPC health", () => {
  it("follows the parts that each service needs", async () => {
    let logAnswers = true;
    const checks = [
      {
        name: "log",
        services: [INGEST],
        check: async () => (logAnswers ? undefined : Promise.reject(new Error("away"))),
      },
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
    const { address, server } = await startTestServer({ drainMsMax: 20_000 });
    const { watch } = healthClient(address);
    const [whole, unknown] = [watch(""), watch("nobody's")];
    await until(() => whole.seen.length === 1 && unknown.seen.length === 1);
    const before = performance.now();
    await server.stop();
    assert.ok(performance.now() - before < 5_000);
    await until(() => whole.seen.includes("end") && unknown.seen.includes("end"));
    assert.deepEqual(whole.seen, ["SERVING", "NOT_SERVING", "end"]);
    assert.equal(unknown.seen[0], "SERVICE_UNKNOWN");
  });

  it("says NOT_SERVING from the announcement of a stop on, and those who watch go on watching until it stops", async () => {
    const { address, server } = await startTestServer({ limits: { healthRefreshMs: 20 } });
    const { check, watch } = healthClient(address);
    const { seen } = watch(INGEST);
    await until(() => seen.at(-1) === "SERVING");
    server.announceStop();
    await until(() => seen.at(-1) === "NOT_SERVING");
    assert.deepEqual([await check(""), await check(INGEST)], ["NOT_SERVING", "NOT_SERVING"]);
    const { seen: late } = watch(INGEST);
    await until(() => late.length > 0);
    await sleep(100); // Some looks.
    assert.deepEqual([seen.slice(-2), late], [["SERVING", "NOT_SERVING"], ["NOT_SERVING"]]);
    await server.stop();
    await until(() => seen.includes("end") && late.includes("end"));
  });

  it("takes any request that protobuf takes, and no other", async () => {
    const { address } = await startTestServer();
    const { request } = openHttp2(address);
    const ask = async (hex: string) => {
      const { headers, trailers } = await request(
        { ":path": "/grpc.health.v1.Health/Check" },
        grpcFrame(Buffer.from(hex, "hex")),
      );
      return headers["grpc-status"] ?? trailers["grpc-status"];
    };
    assert.equal(await ask("0a0161" + "0a00" + "10071d00000000"), "0", "the last one counts, unknown fields do not");
    assert.equal(await ask("0aff"), "3");
  });
});
