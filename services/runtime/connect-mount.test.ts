import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary } from "@bufbuild/protobuf";
import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { describe, it } from "vitest";
import { ErrorInfoSchema, QuotaFailureSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { type LogBatch, LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { BATCH_BYTES_MAX, HTTP_BODY_BYTES_MAX } from "../domain/limits.ts";
import { bidiStreamBytes, type CallContext, clientStreamBytes, unary, unaryBytes } from "../ports/service-handlers.ts";
import { startTestServer, until } from "./server.fixture.ts";

/** Every protocol of the HTTP/1.1 side, by a client that knows it. */
const TRANSPORTS = {
  "Connect binary": (address: string) =>
    createConnectTransport({ baseUrl: `http://${address}`, httpVersion: "1.1", useBinaryFormat: true }),
  "Connect JSON": (address: string) =>
    createConnectTransport({ baseUrl: `http://${address}`, httpVersion: "1.1", useBinaryFormat: false }),
  "Connect compressed": (address: string) =>
    createConnectTransport({
      baseUrl: `http://${address}`,
      httpVersion: "1.1",
      sendCompression: compressionGzip,
      compressMinBytes: 1,
    }),
  "gRPC-Web": (address: string) => createGrpcWebTransport({ baseUrl: `http://${address}`, httpVersion: "1.1" }),
  "gRPC-Web compressed": (address: string) =>
    createGrpcWebTransport({
      baseUrl: `http://${address}`,
      httpVersion: "1.1",
      sendCompression: compressionGzip,
      compressMinBytes: 1,
    }),
};
const protocols = Object.entries(TRANSPORTS);

function clientOf(transport: (address: string) => ReturnType<typeof createConnectTransport>, address: string) {
  return createClient(IngestService, transport(address));
}

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => assert.fail("the call did not fail"),
    (reason) => reason,
  );
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

function batch(message: string): LogBatch {
  return create(LogBatchSchema, { firstSeq: 7n, records: [{ message }] });
}

describe.each(protocols)("%s", (protocol, transport) => {
  it("reaches a handler that takes messages", async () => {
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
    const call = clientOf(transport, address).writeLog({ serviceName: "auth", message: "é🦊" }, { timeoutMs: 5_000 });
    const answer = await call;
    assert.equal(answer.id, "auth: é🦊");
    assert.equal(answer.totalLogged, 7);
    assert.deepEqual([seen?.tenant, seen?.client, seen?.signal.aborted], ["acme", "127.0.0.1", false]);
    const leftMs = (seen?.deadlineMs ?? 0) - Date.now();
    assert.ok(leftMs > 0 && leftMs <= 5_000, `${leftMs} ms are left`);
  });

  it("reaches handlers that take bytes with the encoded message", async () => {
    const got: string[] = [];
    const keep = (bytes: Uint8Array) => got.push(fromBinary(LogBatchSchema, bytes).records[0]!.message);
    const { address } = await startTestServer({
      ingest: {
        write: unaryBytes(async (bytes) => ({ accepted: keep(bytes) })),
        upload: clientStreamBytes(async (messages) => {
          for await (const bytes of messages) keep(bytes);
          return { batches: BigInt(got.length) };
        }),
      },
    });
    const client = clientOf(transport, address);
    await client.write(batch("one"));
    // Client streams over HTTP/1.1 exist in Connect only.
    if (protocol.startsWith("gRPC-Web")) return;
    const answer = await client.upload(each([batch("two"), batch("three")]));
    assert.equal(answer.batches, 3n);
    assert.deepEqual(got, ["one", "two", "three"]);
  });

  it("tells errors with kind, wait and details", async () => {
    const { address } = await startTestServer({
      ingest: {
        writeLog: unary(async () => {
          throw new LogPulseError("rate_limited", "over 100 records/s — wait", {
            retryAfterMs: 2_100,
            quota: { subject: "client", description: "100 records/s" },
            metadata: { limit: "100" },
          });
        }),
      },
    });
    const error = await failureOf(clientOf(transport, address).writeLog({}));
    assert.equal(error.code, Code.ResourceExhausted);
    assert.equal(error.rawMessage, "over 100 records/s — wait");
    assert.equal(error.metadata.get("retry-after"), "3");
    assert.deepEqual(error.findDetails(ErrorInfoSchema)[0]?.metadata, { limit: "100" });
    assert.equal(error.findDetails(RetryInfoSchema)[0]?.retryDelay?.seconds, 2n);
    assert.equal(error.findDetails(QuotaFailureSchema).length, 1);
  });

  it("says nothing of a fault of ours, which the log gets once", async () => {
    const cause = new TypeError("secret of the database");
    const { address, logged } = await startTestServer({
      ingest: { writeLog: unary(async () => Promise.reject(cause)), write: unaryBytes(() => assert.fail("at once")) },
    });
    const client = clientOf(transport, address);
    const error = await failureOf(client.writeLog({}));
    assert.equal(error.code, Code.Internal);
    assert.doesNotMatch(error.message, /secret/);
    assert.equal((await failureOf(client.write({}))).code, Code.Internal);
    const errors = logged.filter(({ level }) => level === "error");
    assert.equal(errors.length, 2);
    assert.equal(errors[0]?.fields.err, cause);
  });

  it("is refused a method that needs both directions at once, in words, however long its client would go on", async () => {
    const { address } = await startTestServer({
      ingest: { stream: bidiStreamBytes(async () => assert.fail("was called")) },
    });
    async function* never() {
      yield batch("one");
      await new Promise(() => {});
    }
    const answers = clientOf(transport, address).stream(never());
    const error = await failureOf(answers[Symbol.asyncIterator]().next());
    assert.equal(error.code, Code.Unimplemented);
    assert.match(error.rawMessage, /^Stream answers while .* HTTP\/1\.1 .* by gRPC$/);
  });

  it("ends a call at its deadline", async () => {
    const reasons: string[] = [];
    const { address, server } = await startTestServer({
      ingest: {
        writeLog: unary(async (_, { signal }) => {
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          reasons.push((signal.reason as LogPulseError).kind);
          return {};
        }),
      },
    });
    const error = await failureOf(clientOf(transport, address).writeLog({}, { timeoutMs: 80 }));
    assert.equal(error.code, Code.DeadlineExceeded);
    await until(() => server.callsInFlight === 0);
    assert.equal(reasons.length, 1);
    assert.match(reasons[0]!, /deadline_exceeded|cancelled/); // Whoever sees it first: the client hangs up at its own.
  });

  it("tells the handler that the client hung up", async () => {
    let reason: LogPulseError | undefined;
    const { address, server, logged } = await startTestServer({
      ingest: {
        writeLog: unary(async (_, { signal }) => {
          try {
            await sleep(10_000, undefined, { signal });
          } finally {
            reason = signal.reason;
          }
          return {};
        }),
      },
    });
    const hangUp = new AbortController();
    const call = failureOf(clientOf(transport, address).writeLog({}, { signal: hangUp.signal }));
    await until(() => server.callsInFlight === 1);
    hangUp.abort();
    assert.equal((await call).code, Code.Canceled);
    await until(() => server.callsInFlight === 0);
    assert.equal(reason?.kind, "cancelled");
    assert.deepEqual(
      logged.filter(({ level }) => level === "error"),
      [],
    );
  });

  it("answers a batch that is too large with INVALID_ARGUMENT, never with a used-up quota", async () => {
    const { address } = await startTestServer();
    const client = clientOf(transport, address);
    for (const bytes of [BATCH_BYTES_MAX + 1, HTTP_BODY_BYTES_MAX + 1_000]) {
      const error = await failureOf(client.write(batch("x".repeat(bytes))));
      assert.equal(error.code, Code.InvalidArgument, error.message);
      assert.match(error.findDetails(ErrorInfoSchema)[0]?.reason ?? "", /^INVALID_(BATCH|REQUEST)$/);
    }
    assert.ok((await client.write(batch("x".repeat(BATCH_BYTES_MAX - 100)))).accepted > BATCH_BYTES_MAX - 100);
  });
});

describe("a slow handler behind Connect", () => {
  it("stops its client", async () => {
    const gate = Promise.withResolvers<void>();
    const { address } = await startTestServer({
      ingest: {
        upload: clientStreamBytes(async (messages) => {
          let batches = 0n;
          for await (const _ of messages) {
            await gate.promise;
            batches += 1n;
          }
          return { batches };
        }),
      },
    });
    const message = batch("x".repeat(256 * 1024));
    const count = 200; // 50 MiB, more than both sockets hold.
    let taken = 0;
    async function* messages() {
      for (; taken < count; taken += 1) yield message;
    }
    const answer = clientOf(TRANSPORTS["Connect binary"], address).upload(messages());
    await sleep(500);
    const ahead = taken;
    await sleep(200);
    assert.equal(taken, ahead);
    assert.ok(ahead < 60, `${ahead} messages were taken`);
    gate.resolve();
    assert.equal((await answer).batches, BigInt(count));
  });
});
