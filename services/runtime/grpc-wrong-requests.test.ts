import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { status as Code } from "@grpc/grpc-js";
import { describe, it } from "vitest";
import { IngestService, WriteLogRequestSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { BATCH_BYTES_MAX, GRPC_MESSAGE_BYTES_MAX } from "../domain/limits.ts";
import {
  callUnary,
  failureOf,
  grpcClient,
  openUpload,
  pathOf,
  reasonOf,
  repeatableRandom,
  startTestServer,
  until,
} from "./server.fixture.ts";
import { grpcFrame, openHttp2 } from "./wire.fixture.ts";

const { upload, write, writeLog } = IngestService.method;

describe("gRPC requests that are wrong", () => {
  it.each([BATCH_BYTES_MAX + 1, GRPC_MESSAGE_BYTES_MAX, GRPC_MESSAGE_BYTES_MAX + 1, 20 * 1024 * 1024])(
    "of %i bytes are INVALID_ARGUMENT, never a used-up quota",
    async (bytes) => {
      const { address, server } = await startTestServer();
      const client = grpcClient(address);
      const { call, answer } = openUpload(client);
      call.write(Buffer.alloc(10));
      call.write(Buffer.alloc(bytes));
      call.end();
      for (const failure of [callUnary(client, write, Buffer.alloc(bytes)), answer]) {
        const error = await failureOf(failure);
        assert.equal(error.code, Code.INVALID_ARGUMENT, error.details);
        assert.match(error.details, new RegExp(`${bytes}`));
        assert.match(reasonOf(error)!, /^INVALID_(BATCH|REQUEST)$/);
      }
      await until(() => server.callsInFlight === 0);
    },
  );

  it("and grow when decompressed, or do not decompress, are INVALID_ARGUMENT", async () => {
    const { address } = await startTestServer();
    const http2 = openHttp2(address);
    const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024));
    const headers = { ":path": pathOf(write), "grpc-encoding": "gzip" };
    for (const message of [bomb, Buffer.from("no gzip"), bomb.subarray(0, 100)]) {
      const answer = await http2.request(headers, grpcFrame(message, 1));
      assert.equal(answer.headers["grpc-status"], "3", String(answer.headers["grpc-message"]));
    }
    const small = await http2.request(headers, grpcFrame(gzipSync(Buffer.alloc(100)), 1));
    assert.equal(small.trailers["grpc-status"], "0");
    const unknown = await http2.request({ ...headers, "grpc-encoding": "snappy" }, grpcFrame(Buffer.from("a"), 1));
    assert.equal(unknown.headers["grpc-status"], "12");
  });

  it("as bytes that are not the message name it", async () => {
    const { address } = await startTestServer();
    const valid = Buffer.from(toBinary(WriteLogRequestSchema, create(WriteLogRequestSchema, { message: "hello" })));
    for (const bytes of [valid.subarray(0, -1), Buffer.from("ff", "hex"), Buffer.from("22ffffffff0f", "hex")]) {
      const error = await failureOf(callUnary(grpcClient(address), writeLog, bytes));
      assert.equal(error.code, Code.INVALID_ARGUMENT);
      assert.match(error.details, /the bytes are no logpulse\.v1\.WriteLogRequest/);
    }
  });

  it("with no message or two get an error", async () => {
    const { address } = await startTestServer();
    const http2 = openHttp2(address);
    const frame = grpcFrame(Buffer.from("a"));
    const none = await http2.request({ ":path": pathOf(write) });
    assert.match(
      `${none.headers["grpc-status"]} ${none.headers["grpc-message"]}`,
      /^3 the%20call%20has%20no%20message/,
    );
    const two = await http2.request({ ":path": pathOf(write) }, Buffer.concat([frame, frame]));
    assert.match(`${two.headers["grpc-status"]} ${two.headers["grpc-message"]}`, /^3 .*more%20than%20one/);
  });

  it("with a grpc-timeout that is none get an error", async () => {
    const { address } = await startTestServer();
    const headers = { ":path": pathOf(write), "grpc-timeout": "soon" };
    const answer = await openHttp2(address).request(headers, grpcFrame(Buffer.from("a")));
    assert.equal(answer.headers["grpc-status"], "3");
  });

  it("of random bytes cost nobody else anything", async () => {
    const { address, server } = await startTestServer();
    const http2 = openHttp2(address);
    const random = repeatableRandom(42);
    const attempts = Array.from({ length: 300 }, () => {
      const bytes = Buffer.from(Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256)));
      const path = [upload, write, writeLog][Math.floor(random() * 3)]!;
      return http2.request({ ":path": pathOf(path) }, random() < 0.5 ? grpcFrame(bytes) : bytes).catch(() => undefined);
    });
    await Promise.all(attempts);
    await until(() => server.callsInFlight === 0);
    assert.equal((await callUnary(grpcClient(address), writeLog, { message: "alive" })).id, "alive");
  });
});
