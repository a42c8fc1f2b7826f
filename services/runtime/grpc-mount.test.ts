import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { status as Code, Metadata } from "@grpc/grpc-js";
import { describe, it } from "vitest";
import { ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { IngestService, UploadResponseSchema, WriteLogRequestSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import {
  BATCH_BYTES_MAX,
  GRPC_MESSAGE_BYTES_MAX,
  STREAM_WINDOW_BYTES,
  STREAMS_PER_CONNECTION_MAX,
} from "../domain/limits.ts";
import { type CallContext, clientStreamBytes, unary, unaryBytes } from "../ports/service-handlers.ts";
import {
  callUnary,
  failureOf,
  grpcClient,
  grpcFrame,
  HTTP2,
  http2Frame,
  http2Opening,
  openHttp2,
  openSocket,
  openUpload,
  pathOf,
  repeatableRandom,
  startTestServer,
  statusDetails,
  until,
} from "./server.fixture.ts";

const { upload, write, writeLog } = IngestService.method;

function reasonOf(error: Parameters<typeof statusDetails>[0]): string | undefined {
  return anyUnpack(statusDetails(error).details[0]!, ErrorInfoSchema)?.reason;
}

describe("gRPC calls", () => {
  it("decode the request, encode the answer, and tell the handler who calls until when", async () => {
    let seen: CallContext | undefined;
    const { address } = await startTestServer({
      tenant: "acme",
      ingest: {
        writeLog: unary(async (request, context) => {
          seen = context;
          return { id: `${request.serviceName}: ${request.message}`, totalLogged: 7 };
        }),
      },
    });
    const deadline = Date.now() + 5_000;
    const answer = await callUnary(
      grpcClient(address),
      writeLog,
      { serviceName: "auth", message: "é🦊" },
      { deadline },
    );
    assert.equal(answer.id, "auth: é🦊");
    assert.equal(answer.totalLogged, 7);
    assert.equal(seen?.tenant, "acme");
    assert.equal(seen?.client, "127.0.0.1");
    assert.equal(seen?.signal.aborted, false);
    assert.ok(Math.abs((seen?.deadlineMs ?? 0) - deadline) < 2_000, `${seen?.deadlineMs} for ${deadline}`);
  });

  it("hand over bytes as they came", async () => {
    const got: Uint8Array[] = [];
    const keep = async (bytes: Uint8Array) => ({ accepted: got.push(Uint8Array.from(bytes)) });
    const { address } = await startTestServer({
      ingest: {
        write: unaryBytes(keep),
        upload: clientStreamBytes(async (messages) => {
          for await (const bytes of messages) await keep(bytes);
          return { batches: BigInt(got.length) };
        }),
      },
    });
    const client = grpcClient(address);
    // An overlong tag, an unknown field, no protobuf at all, nothing, and one of the largest size.
    const sent = ["8a0000", "a23f0161", "ffffffff", ""].map((hex) => Buffer.from(hex, "hex"));
    sent.push(Buffer.alloc(BATCH_BYTES_MAX, 7));
    for (const bytes of sent) await callUnary(client, write, bytes);
    const { call, answer } = openUpload(client);
    for (const bytes of sent) call.write(bytes);
    call.end();
    assert.equal(fromBinary(UploadResponseSchema, await answer).batches, 10n);
    assert.deepEqual(got.map(Buffer.from), [...sent, ...sent]);
  });

  it("take 1,000 calls at once on one connection", async () => {
    const { address, server } = await startTestServer();
    const client = grpcClient(address);
    const calls = Array.from({ length: 1_000 }, (_, index) => callUnary(client, writeLog, { message: `${index}` }));
    const answers = await Promise.all(calls);
    assert.deepEqual(
      answers.map(({ id }) => id),
      Array.from({ length: 1_000 }, (_, index) => `${index}`),
    );
    await until(() => server.callsInFlight === 0);
  });

  it("may be answered before the client has sent all", async () => {
    const { address } = await startTestServer({
      ingest: {
        upload: clientStreamBytes(async (messages) => {
          for await (const bytes of messages) return { batches: 1n, accepted: BigInt(bytes.length) };
          return {};
        }),
      },
    });
    const { call, answer } = openUpload(grpcClient(address));
    for (let index = 0; index < 10; index += 1) call.write(Buffer.alloc(1_000));
    assert.equal(fromBinary(UploadResponseSchema, await answer).accepted, 1_000n);
  });

  it.each(["1S", "2147484S", "2592000S", "99999999S", "99999999M", "99999999H", "99999999m"])(
    "have the deadline that they ask for, or 24 days: grpc-timeout %s",
    async (timeout) => {
      const { address } = await startTestServer();
      const headers = { ":path": pathOf(write), "grpc-timeout": timeout };
      const answer = await openHttp2(address).request(headers, grpcFrame(Buffer.from("a")));
      assert.equal(answer.trailers["grpc-status"], "0");
    },
  );

  it("believe a trusted proxy, and only that, about the client's address", async () => {
    const metadata = new Metadata();
    metadata.set("x-envoy-external-address", "203.0.113.9");
    const trusting = await startTestServer({ trustedProxies: ["127.0.0.0/8"] });
    const wary = await startTestServer();
    const request = { message: "who am I" };
    assert.equal(
      (await callUnary(grpcClient(trusting.address), writeLog, request, { metadata })).message,
      "203.0.113.9",
    );
    assert.equal((await callUnary(grpcClient(wary.address), writeLog, request, { metadata })).message, "127.0.0.1");
  });
});

describe("gRPC errors", () => {
  const limited = new LogPulseError("rate_limited", "over 100 records/s — wait", {
    retryAfterMs: 2_100,
    quota: { subject: "client", description: "100 records/s" },
    metadata: { limit: "100" },
  });

  it("carry kind, wait and details", async () => {
    const refuse = async () => Promise.reject(limited);
    const { address, logged } = await startTestServer({
      ingest: { write: unaryBytes(refuse), upload: clientStreamBytes(refuse) },
    });
    const client = grpcClient(address);
    for (const call of [callUnary(client, write, Buffer.from("a")), openUpload(client).answer]) {
      const error = await failureOf(call);
      assert.equal(error.code, Code.RESOURCE_EXHAUSTED);
      assert.equal(error.details, "over 100 records/s — wait");
      assert.deepEqual(error.metadata.get("retry-after"), ["3"]);
      const { details } = statusDetails(error);
      assert.deepEqual(anyUnpack(details[0]!, ErrorInfoSchema)?.metadata, { limit: "100" });
      assert.equal(anyUnpack(details[1]!, RetryInfoSchema)?.retryDelay?.seconds, 2n);
      assert.match(details[2]!.typeUrl, /QuotaFailure$/);
    }
    assert.deepEqual(
      logged.filter(({ level }) => level !== "info"),
      [],
    );
  });

  it("are Trailers-Only, which proxies need for retries, REST statuses and Retry-After", async () => {
    const { address } = await startTestServer({ ingest: { write: unaryBytes(async () => Promise.reject(limited)) } });
    const { headers, trailersOnly, body } = await openHttp2(address).request(
      { ":path": pathOf(write) },
      grpcFrame(Buffer.from("a")),
    );
    assert.equal(trailersOnly, true);
    assert.equal(headers["grpc-status"], "8");
    assert.equal(headers["retry-after"], "3");
    assert.ok(headers["grpc-status-details-bin"]);
    assert.equal(body.length, 0);
  });

  it("say nothing of a fault of ours, which the log gets once, with its cause", async () => {
    const cause = new TypeError("secret of the database");
    const { address, logged } = await startTestServer({
      ingest: {
        writeLog: unary(async () => Promise.reject(cause)),
        write: unaryBytes(() => assert.fail("thrown at once")),
      },
    });
    const client = grpcClient(address);
    const error = await failureOf(callUnary(client, writeLog, {}));
    assert.equal(error.code, Code.INTERNAL);
    assert.doesNotMatch(JSON.stringify(error), /secret/);
    assert.equal((await failureOf(callUnary(client, write, Buffer.from("a")))).code, Code.INTERNAL);
    const errors = logged.filter(({ level }) => level === "error");
    assert.equal(errors.length, 2);
    assert.equal(errors[0]?.fields.err, cause);
    assert.equal(errors[0]?.fields.method, pathOf(writeLog));
  });

  it("come in the middle of a stream too, while the client still sends", async () => {
    const { address } = await startTestServer({
      ingest: {
        upload: clientStreamBytes(async (messages) => {
          let batches = 0;
          for await (const _ of messages)
            if (++batches === 3) throw new LogPulseError("invalid_batch", "batch 2 is none");
          return {};
        }),
      },
    });
    const { call, answer } = openUpload(grpcClient(address));
    for (let index = 0; index < 100; index += 1) call.write(Buffer.alloc(10_000));
    const error = await failureOf(answer);
    assert.equal(error.code, Code.INVALID_ARGUMENT);
    assert.equal(error.details, "batch 2 is none");
  });

  it("name an unknown method and leave the server alone, whatever its path", async () => {
    const { address } = await startTestServer();
    const http2 = openHttp2(address);
    for (const path of [
      "/logpulse.v1.IngestService/Nope",
      "/",
      "*",
      "/%00",
      "/é",
      "/\u007f",
      `/${"x".repeat(9_000)}`,
    ]) {
      const answer = await http2.request({ ":path": path }, grpcFrame(Buffer.alloc(0))).catch(() => undefined);
      if (answer !== undefined) assert.equal(answer.headers["grpc-status"], "12", path);
    }
    assert.equal((await callUnary(grpcClient(address), writeLog, { message: "alive" })).id, "alive");
  });
});

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
