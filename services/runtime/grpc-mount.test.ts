import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { status as Code, Metadata } from "@grpc/grpc-js";
import { describe, it } from "vitest";
import { ErrorInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { IngestService, UploadResponseSchema, WriteResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import {
  BATCH_BYTES_MAX,
  CONNECTIONS_CLOSE_SHARE,
  RECORDS_PER_BATCH_MAX,
  SEQ_MAX,
  SMALL_ANSWER_BYTES_MAX,
  STREAMS_PER_CONNECTION_MAX,
} from "../domain/limits.ts";
import { type CallContext, clientStreamBytes, unary, unaryBytes } from "../ports/service-handlers.ts";
import {
  callUnary,
  failureOf,
  grpcClient,
  openUpload,
  pathOf,
  startTestServer,
  statusDetails,
  type TestServerSettings,
  until,
} from "./server.fixture.ts";
import { grpcFrame, openHttp2 } from "./wire.fixture.ts";

const { write, writeLog } = IngestService.method;

it("all small answers of a connection fit the window that HTTP/2 begins with, and an answer of Write is small", () => {
  const windowBytes = 65_535; // RFC 9113, section 6.9.2.
  assert.ok(STREAMS_PER_CONNECTION_MAX * (SMALL_ANSWER_BYTES_MAX + grpcFrame(Buffer.alloc(0)).length) <= windowBytes);
  const largest = { producerId: new Uint8Array(16), firstSeq: BigInt(SEQ_MAX), accepted: RECORDS_PER_BATCH_MAX };
  assert.ok(toBinary(WriteResponseSchema, create(WriteResponseSchema, largest)).length <= SMALL_ANSWER_BYTES_MAX);
});

describe("a stop", () => {
  it("sends each of as many answers as a connection may wait for", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { address, server } = await startTestServer({
      drainMsMax: 10_000, // A connection without calls has a twentieth of it to send what it holds, to a client in this process.
      ingest: {
        write: unaryBytes(async () => {
          await held;
          return { accepted: 1 };
        }),
      },
    });
    const { request } = openHttp2(address);
    const calls = Array.from({ length: STREAMS_PER_CONNECTION_MAX }, () =>
      request({ ":path": pathOf(write) }, grpcFrame(Buffer.from("a"))),
    );
    await until(() => server.callsInFlight === STREAMS_PER_CONNECTION_MAX);
    const stopped = server.stop();
    release();
    const answers = await Promise.all(calls);
    assert.deepEqual(new Set(answers.map(({ trailers }) => trailers["grpc-status"])), new Set(["0"]));
    await stopped;
  });

  it("waits for a client that takes a large answer late", async () => {
    const reason = "x".repeat(SMALL_ANSWER_BYTES_MAX);
    const { promise: handled, resolve: handle } = Promise.withResolvers<void>();
    const { address, server } = await startTestServer({
      drainMsMax: 10_000,
      ingest: {
        write: unaryBytes(async () => {
          handle();
          return { accepted: 0, rejects: [{ index: 0, field: "message", reason }] };
        }),
      },
    });
    const { session, request } = openHttp2(address);
    session.settings({ initialWindowSize: 0 });
    await once(session, "localSettings");
    const answer = request({ ":path": pathOf(write) }, grpcFrame(Buffer.from("a")));
    await handled;
    const stopped = server.stop();
    await sleep(10_000 * CONNECTIONS_CLOSE_SHARE + 500); // Longer than a connection without calls has left.
    session.settings({ initialWindowSize: 1 << 20 });
    assert.equal((await answer).trailers["grpc-status"], "0");
    await stopped;
  });
});

describe("an only answer that its client does not read", () => {
  const askedWithoutRoom = async (reason: string, limits: TestServerSettings["limits"] = {}) => {
    const reject = { index: 0, field: "message", reason };
    let handled = false;
    const { address, server } = await startTestServer({
      limits,
      ingest: {
        write: unaryBytes(async () => {
          handled = true;
          return { accepted: 1, rejects: [reject] };
        }),
      },
    });
    const { session, request } = openHttp2(address);
    session.settings({ initialWindowSize: 0 });
    await once(session, "localSettings");
    const answer = request({ ":path": pathOf(write) }, grpcFrame(Buffer.from("a")));
    const hasEnded = () => server.callsInFlight === 0;
    const read = async () => {
      session.settings({ initialWindowSize: 1 << 20 });
      const { body, trailers } = await answer;
      assert.equal(trailers["grpc-status"], "0");
      assert.equal(fromBinary(WriteResponseSchema, body.subarray(5)).rejects[0]!.reason, reason);
    };
    await until(() => handled);
    return { hasEnded, read, answer };
  };

  it("is done with where it is small: the connection keeps it", async () => {
    const { hasEnded, read } = await askedWithoutRoom("too long");
    await until(hasEnded);
    await read();
  });

  it("is a call in flight where it is large, so that a stop waits for it", async () => {
    const { hasEnded, read } = await askedWithoutRoom("x".repeat(SMALL_ANSWER_BYTES_MAX + 1));
    await sleep(200); // Ten times as long as the other one takes.
    assert.equal(hasEnded(), false);
    await read();
    await until(hasEnded);
  });

  it("ends its call where it is large and stays unread", async () => {
    const large = "x".repeat(SMALL_ANSWER_BYTES_MAX + 1);
    const { hasEnded, answer } = await askedWithoutRoom(large, { streamIdleMsMax: 1_000 });
    const { body, trailers } = await answer; // Its stream was reset, which Node shows as an end without a status.
    assert.deepEqual([body.length, trailers], [0, {}]);
    await until(hasEnded);
  });
});

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
