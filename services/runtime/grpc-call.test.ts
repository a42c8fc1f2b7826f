import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { status as Code } from "@grpc/grpc-js";
import { describe, it } from "vitest";
import { IngestService, UploadResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import type { LogPulseError } from "../domain/errors.ts";
import { STREAM_WINDOW_BYTES } from "../domain/limits.ts";
import { clientStreamBytes, unary } from "../ports/service-handlers.ts";
import { callUnary, failureOf, grpcClient, openUpload, pathOf, startTestServer, until } from "./server.fixture.ts";
import { grpcFrame, HTTP2, http2Frame, http2Opening, openHttp2, openSocket } from "./wire.fixture.ts";

const { upload, write, writeLog } = IngestService.method;

describe("the signal of a gRPC call", () => {
  function handlerThatWaits() {
    const reasons: unknown[] = [];
    const wait = async (signal: AbortSignal) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      reasons.push((signal.reason as LogPulseError).kind);
      throw signal.reason;
    };
    return { reasons, wait };
  }

  it("tells that the client hung up, in unary calls and in the middle of streams", async () => {
    const { reasons, wait } = handlerThatWaits();
    const { address, port, server } = await startTestServer({
      ingest: {
        writeLog: unary(async (_, { signal }) => wait(signal)),
        upload: clientStreamBytes(async (messages) => {
          try {
            for await (const _ of messages);
            reasons.push("a whole stream");
          } catch (reason) {
            reasons.push((reason as LogPulseError).kind);
          }
          return {};
        }),
      },
    });
    const { session, request } = openHttp2(address);
    request({ ":path": pathOf(writeLog) }, grpcFrame(Buffer.alloc(0))).catch(() => undefined);
    // By hand: a client on Node's http2 ends its stream before it resets it, which nobody can tell from a whole one.
    const { socket } = openSocket(port);
    socket.write(http2Opening(pathOf(upload)));
    socket.write(http2Frame(HTTP2.DATA, 0, 1, grpcFrame(Buffer.from("a"))));
    await until(() => server.callsInFlight === 2);
    await sleep(30);
    socket.write(http2Frame(HTTP2.RST_STREAM, 0, 1, Buffer.of(0, 0, 0, 8)));
    await until(() => server.callsInFlight === 1);
    session.destroy();
    await until(() => server.callsInFlight === 0);
    assert.deepEqual(reasons, ["cancelled", "cancelled"]);
  });

  it("tells that the connection is gone", async () => {
    const { reasons, wait } = handlerThatWaits();
    const { address, server, logged } = await startTestServer({
      ingest: { writeLog: unary(async (_, { signal }) => wait(signal)) },
    });
    const { session, request } = openHttp2(address);
    request({ ":path": pathOf(writeLog) }, grpcFrame(Buffer.alloc(0))).catch(() => undefined);
    await until(() => server.callsInFlight === 1);
    session.destroy();
    await until(() => server.callsInFlight === 0);
    assert.deepEqual(reasons, ["cancelled"]);
    assert.deepEqual(
      logged.filter(({ level }) => level === "error"),
      [],
    );
  });

  it("tells that the deadline has passed, and the client knows why", async () => {
    const { reasons, wait } = handlerThatWaits();
    const { address } = await startTestServer({ ingest: { writeLog: unary(async (_, { signal }) => wait(signal)) } });
    const headers = { ":path": pathOf(writeLog), "grpc-timeout": "50m" };
    const answer = await openHttp2(address).request(headers, grpcFrame(Buffer.alloc(0)));
    assert.equal(answer.headers["grpc-status"], "4");
    assert.ok(answer.headers["grpc-status-details-bin"]);
    await until(() => reasons.length === 1);
    assert.deepEqual(reasons, ["deadline_exceeded"]);
    const error = await failureOf(callUnary(grpcClient(address), writeLog, {}, { deadline: Date.now() + 50 }));
    assert.equal(error.code, Code.DEADLINE_EXCEEDED);
  });

  it("is no fault of ours, whatever the handler then throws", async () => {
    const { address, logged } = await startTestServer({
      ingest: {
        writeLog: unary(async (_, { signal }) => {
          await sleep(10_000, undefined, { signal }); // Node's own AbortError.
          return {};
        }),
      },
    });
    await failureOf(callUnary(grpcClient(address), writeLog, {}, { deadline: Date.now() + 30 }));
    await sleep(30);
    assert.deepEqual(
      logged.filter(({ level }) => level === "error"),
      [],
    );
  });
});

describe("a slow or silent gRPC client", () => {
  it("loses its call when no message comes in time, and the handler hears of it", async () => {
    let heard: unknown;
    const { address, server } = await startTestServer({
      limits: { streamIdleMsMax: 100 },
      ingest: {
        upload: clientStreamBytes(async (messages) => {
          try {
            for await (const _ of messages);
          } catch (reason) {
            heard = reason;
            throw reason;
          }
          return {};
        }),
      },
    });
    const { call, answer } = openUpload(grpcClient(address));
    for (let index = 0; index < 4; index += 1) {
      call.write(Buffer.from("a"));
      await sleep(50); // Slower than the limit together, but never silent for so long.
    }
    const error = await failureOf(answer);
    assert.equal(error.code, Code.DEADLINE_EXCEEDED);
    assert.match(error.details, /no whole message came within 100 ms/);
    assert.equal((heard as LogPulseError).kind, "deadline_exceeded");
    await until(() => server.callsInFlight === 0);
  });

  it("loses a unary call in which it never says anything, or not all", async () => {
    const { address, server } = await startTestServer({ limits: { streamIdleMsMax: 100 } });
    const { request } = openHttp2(address);
    for (const start of [Buffer.alloc(0), grpcFrame(Buffer.alloc(100)).subarray(0, 50), grpcFrame(Buffer.alloc(100))]) {
      const answer = await request({ ":path": pathOf(write) }, start, false);
      assert.equal(answer.headers["grpc-status"], "4");
    }
    assert.equal(server.callsInFlight, 0);
  });

  it("may wait as long as the handler works", async () => {
    const { address } = await startTestServer({
      limits: { streamIdleMsMax: 50 },
      ingest: {
        upload: clientStreamBytes(async (messages) => {
          let batches = 0n;
          for await (const _ of messages) {
            await sleep(120);
            batches += 1n;
          }
          return { batches };
        }),
      },
    });
    const { call, answer } = openUpload(grpcClient(address));
    for (let index = 0; index < 3; index += 1) call.write(Buffer.from("a"));
    call.end();
    assert.equal(fromBinary(UploadResponseSchema, await answer).batches, 3n);
  });
});

describe("a slow handler", () => {
  it("stops its client: what is sent ahead is one stream window", async () => {
    const gate = Promise.withResolvers<void>();
    let bytesTaken = 0;
    const { address } = await startTestServer({
      ingest: {
        upload: clientStreamBytes(async (messages) => {
          for await (const bytes of messages) {
            bytesTaken += bytes.length;
            await gate.promise;
          }
          return {};
        }),
      },
    });
    const { session, request } = openHttp2(address);
    const frames = Buffer.concat(Array.from({ length: 1_000 }, () => grpcFrame(Buffer.alloc(64 * 1024))));
    const answer = request({ ":path": pathOf(upload) }, frames);
    await sleep(400);
    const sent = session.socket.bytesWritten;
    assert.ok(sent <= STREAM_WINDOW_BYTES + 128 * 1024, `${sent} bytes were sent`);
    await sleep(200);
    assert.equal(session.socket.bytesWritten, sent, "the client is stopped");
    gate.resolve();
    assert.equal((await answer).trailers["grpc-status"], "0");
    assert.equal(bytesTaken, 1_000 * 64 * 1024);
  });

  it("does not stop other calls on its connection", async () => {
    const gate = Promise.withResolvers<void>();
    const { address } = await startTestServer({
      ingest: {
        upload: clientStreamBytes(async (messages) => {
          for await (const _ of messages) await gate.promise;
          return {};
        }),
      },
    });
    const client = grpcClient(address);
    const uploads = Array.from({ length: 40 }, () => openUpload(client));
    for (const { call } of uploads) for (let index = 0; index < 20; index += 1) call.write(Buffer.alloc(64 * 1024));
    await sleep(100);
    assert.equal((await callUnary(client, writeLog, { message: "through" })).id, "through");
    gate.resolve();
    for (const { call } of uploads) call.end();
    await Promise.all(uploads.map(({ answer }) => answer));
  });
});
