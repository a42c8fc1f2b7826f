import assert from "node:assert/strict";
import { once } from "node:events";
import { status as Code } from "@grpc/grpc-js";
import { describe, it } from "vitest";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { STREAM_WINDOW_BYTES, STREAMS_PER_CONNECTION_MAX } from "../domain/limits.ts";
import { unary } from "../ports/service-handlers.ts";
import { callUnary, failureOf, grpcClient, reasonOf, startTestServer, until } from "./server.fixture.ts";
import { openHttp2 } from "./wire.fixture.ts";

const { writeLog } = IngestService.method;

describe("the gRPC side's limits", () => {
  it("are told to clients as HTTP/2 settings", async () => {
    const { address } = await startTestServer();
    const { session } = openHttp2(address);
    await once(session, "remoteSettings");
    await until(() => session.remoteSettings.initialWindowSize === STREAM_WINDOW_BYTES);
    assert.equal(session.remoteSettings.maxConcurrentStreams, STREAMS_PER_CONNECTION_MAX);
  });

  it("refuse calls beyond what the process takes, and take them again later", async () => {
    const gate = Promise.withResolvers<void>();
    const { address, server } = await startTestServer({
      limits: { callsMax: 3 },
      ingest: {
        writeLog: unary(async ({ message }) => {
          await gate.promise;
          return { id: message };
        }),
      },
    });
    const client = grpcClient(address);
    const taken = Array.from({ length: 3 }, () => callUnary(client, writeLog, { message: "taken" }));
    await until(() => server.callsInFlight === 3);
    const error = await failureOf(callUnary(client, writeLog, { message: "refused" }));
    assert.equal(error.code, Code.UNAVAILABLE);
    assert.equal(reasonOf(error), "OVERLOADED");
    assert.deepEqual(error.metadata.get("retry-after"), ["1"]);
    gate.resolve();
    await Promise.all(taken);
    assert.equal((await callUnary(client, writeLog, { message: "again" })).id, "again");
  });
});
