import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { callUnary, grpcClient, startTestServer } from "./test-server.ts";

describe("gRPC", () => {
  it("unary", async () => {
    const { address } = await startTestServer();
    const client = grpcClient(address);
    const answer = await callUnary(client, IngestService.method.writeLog, { message: "hello" });
    assert.equal(answer.id, "hello");
    assert.equal(answer.message, "127.0.0.1");
  });
});
