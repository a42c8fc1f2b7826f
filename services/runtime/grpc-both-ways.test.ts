import assert from "node:assert/strict";
import { constants } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { status as Code, Metadata, type ServiceError } from "@grpc/grpc-js";
import { describe, it } from "vitest";
import { IngestService, type StreamResponse, StreamResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { LogPulseError } from "../domain/errors.ts";
import { GRPC_MESSAGE_BYTES_MAX } from "../domain/limits.ts";
import { bidiStreamBytes } from "../ports/service-handlers.ts";
import { grpcClient, pathOf, reasonOf, startTestServer, until, untouched } from "./server.fixture.ts";
import { grpcFrame, HTTP2, http2Frame, http2Opening, openHttp2, openSocket } from "./wire.fixture.ts";

const { stream } = IngestService.method;
const MiB = 1024 * 1024;

/** Opens a Stream on a gRPC client: what came back so far, and how it ended. */
function openStream(address: string) {
  const answers: StreamResponse[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<ServiceError>();
  const call = grpcClient(address).makeBidiStreamRequest(pathOf(stream), untouched, untouched, new Metadata());
  call.on("data", (bytes: Buffer) => answers.push(fromBinary(StreamResponseSchema, bytes)));
  call.on("error", () => undefined).on("status", (status) => resolve(status as ServiceError));
  return { call, answers, ended };
}

describe("a gRPC call that streams both ways", () => {
  it("is answered while its client still sends, and ends well behind the client's last message", async () => {
    const { address, server } = await startTestServer();
    const { call, answers, ended } = openStream(address);
    for (let count = 1; count <= 3; count += 1) {
      call.write(Buffer.from("a"));
      await until(() => answers.length === count);
    }
    call.end();
    assert.equal((await ended).code, Code.OK);
    assert.deepEqual(
      answers.map(({ settledBatches }) => settledBatches),
      [1n, 2n, 3n],
    );
    await until(() => server.callsInFlight === 0);
  });

  it("hands over messages that are a little larger than a batch may be", async () => {
    const lengths: number[] = [];
    const { address } = await startTestServer({
      ingest: {
        stream: bidiStreamBytes(async (messages) => {
          for await (const bytes of messages) lengths.push(bytes.length);
        }),
      },
    });
    const { call, ended } = openStream(address);
    call.write(Buffer.alloc(GRPC_MESSAGE_BYTES_MAX));
    call.end();
    assert.equal((await ended).code, Code.OK);
    assert.deepEqual(lengths, [GRPC_MESSAGE_BYTES_MAX]);
  });

  it("ends with the handler's error, behind everything that was sent before", async () => {
    const { address } = await startTestServer({
      ingest: {
        stream: bidiStreamBytes(async (messages, send) => {
          for await (const _ of messages) {
            await send({ settledBatches: 7n });
            throw new LogPulseError("rate_limited", "wait", { retryAfterMs: 2_000 });
          }
        }),
      },
    });
    const { call, answers, ended } = openStream(address);
    call.write(Buffer.from("a"));
    const status = await ended;
    assert.deepEqual(
      [status.code, status.details, reasonOf(status)],
      [Code.RESOURCE_EXHAUSTED, "wait", "RATE_LIMITED"],
    );
    assert.deepEqual(status.metadata.get("retry-after"), ["2"]);
    assert.equal(answers[0]?.settledBatches, 7n);
  });

  it("lets its handler, and a read of it that is under way, end when the handler throws elsewhere", async () => {
    const readEnded = Promise.withResolvers<boolean | undefined>();
    const { address } = await startTestServer({
      ingest: {
        stream: bidiStreamBytes(async (messages) => {
          void messages[Symbol.asyncIterator]()
            .next()
            .then(({ done }) => readEnded.resolve(done));
          throw new LogPulseError("overloaded", "enough");
        }),
      },
    });
    const { ended } = openStream(address);
    assert.equal((await ended).code, Code.UNAVAILABLE);
    assert.equal(await readEnded.promise, true);
  });

  it("tells its handler that the client hung up", async () => {
    const reasons: string[] = [];
    const { port, server, logged } = await startTestServer({
      ingest: {
        stream: bidiStreamBytes(async (messages, send, { signal }) => {
          try {
            for await (const _ of messages) await send({});
          } catch (reason) {
            reasons.push((reason as LogPulseError).kind, (signal.reason as LogPulseError).kind);
            throw reason;
          }
        }),
      },
    });
    // By hand: a client on Node's http2 ends its stream before it resets it, which nobody can tell from a whole one.
    const { socket } = openSocket(port);
    socket.write(http2Opening(pathOf(stream)));
    socket.write(http2Frame(HTTP2.DATA, 0, 1, grpcFrame(Buffer.from("a"))));
    await until(() => server.callsInFlight === 1);
    await sleep(30);
    socket.write(http2Frame(HTTP2.RST_STREAM, 0, 1, Buffer.of(0, 0, 0, 8)));
    await until(() => server.callsInFlight === 0);
    assert.deepEqual(reasons, ["cancelled", "cancelled"]);
    assert.ok(logged.every(({ level }) => level === "info"));
  });
});

describe("the client of a call that streams both ways", () => {
  it("may be silent between messages for long, but not in the middle of one", async () => {
    const { address } = await startTestServer({ limits: { streamIdleMsMax: 150, streamQuietMsMax: 700 } });
    const quiet = openStream(address);
    quiet.call.write(Buffer.from("a"));
    await sleep(450);
    quiet.call.write(Buffer.from("b"));
    await until(() => quiet.answers.length === 2);
    const before = performance.now();
    const status = await quiet.ended;
    assert.deepEqual([status.code, reasonOf(status)], [Code.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"]);
    assert.match(status.details, /within 700 ms/);
    assert.ok(performance.now() - before > 600);

    const { request } = openHttp2(address);
    const begun = performance.now();
    const answer = await request({ ":path": pathOf(stream) }, grpcFrame(Buffer.alloc(100)).subarray(0, 50), false);
    assert.equal(answer.headers["grpc-status"], "4");
    assert.ok(performance.now() - begun < 600);
  });

  it("has the whole time for a message that it begins after a long silence", async () => {
    const { address } = await startTestServer({ limits: { streamIdleMsMax: 400, streamQuietMsMax: 2_000 } });
    const { session } = openHttp2(address);
    const headers = { ":method": "POST", ":path": pathOf(stream), "content-type": "application/grpc", te: "trailers" };
    const call = session.request(headers);
    const answered = new Promise((resolve) => call.once("data", resolve));
    const frame = grpcFrame(Buffer.alloc(100));
    await sleep(350);
    call.write(frame.subarray(0, 50));
    await sleep(250);
    call.write(frame.subarray(50));
    await answered;
  });

  it("stops the handler when it does not read, and loses its call after a while", async () => {
    let sent = 0;
    let reason: unknown;
    const { address, server } = await startTestServer({
      limits: { streamIdleMsMax: 400 },
      ingest: {
        stream: bidiStreamBytes(async (_, send, { signal }) => {
          const refused = [{ message: "x".repeat(64 * 1024) }];
          while (!signal.aborted)
            await send({ refused }).then(
              () => (sent += 1),
              (why) => (reason = why),
            );
          throw reason;
        }),
      },
    });
    const { session } = openHttp2(address);
    const headers = { ":method": "POST", ":path": pathOf(stream), "content-type": "application/grpc", te: "trailers" };
    const call = session.request(headers);
    const reset = new Promise<void>((resolve) => call.on("error", () => undefined).on("close", resolve));
    call.pause();
    await sleep(200);
    const ahead = sent;
    assert.ok(ahead * 64 * 1024 < MiB, `${ahead} messages were taken`);
    await reset;
    assert.equal(call.rstCode, constants.NGHTTP2_CANCEL);
    assert.equal(sent, ahead);
    assert.match(String(reason), /not read within 400 ms/);
    await until(() => server.callsInFlight === 0);
  });

  it("may read slowly, as long as it reads", async () => {
    const answers = 20;
    const { address } = await startTestServer({
      limits: { streamIdleMsMax: 400 },
      ingest: {
        stream: bidiStreamBytes(async (_, send) => {
          for (let at = 0; at < answers; at += 1) await send({ refused: [{ message: "x".repeat(64 * 1024) }] });
        }),
      },
    });
    const { call, ended } = openStream(address);
    let read = 0;
    call.on("data", () => {
      read += 1;
      call.pause();
      setTimeout(() => call.resume(), 60);
    });
    await new Promise((resolve) => call.on("end", resolve));
    assert.equal((await ended).code, Code.OK);
    assert.equal(read, answers);
  });
});

describe("a process that stops with a call that streams both ways", () => {
  it("ends its messages, lets it say its last words, and does not wait for its client", async () => {
    const { address, server } = await startTestServer({
      drainMsMax: 20_000,
      ingest: {
        stream: bidiStreamBytes(async (messages, send, { stopping }) => {
          for await (const _ of messages) await send({});
          await send({ settledBatches: 99n });
          stopping.throwIfAborted();
        }),
      },
    });
    const { call, answers, ended } = openStream(address);
    call.write(Buffer.from("a"));
    await until(() => answers.length === 1);
    const before = performance.now();
    await server.stop();
    assert.ok(performance.now() - before < 5_000);
    const status = await ended;
    assert.deepEqual([status.code, reasonOf(status)], [Code.UNAVAILABLE, "OVERLOADED"]);
    assert.match(status.details, /go on with what was not acknowledged on a new stream/);
    assert.equal(answers.at(-1)?.settledBatches, 99n);
  });

  it("cuts off one that does not end", async () => {
    const { address, server } = await startTestServer({
      drainMsMax: 300,
      ingest: { stream: bidiStreamBytes(() => new Promise(() => {})) },
    });
    const { ended } = openStream(address);
    await until(() => server.callsInFlight === 1);
    await server.stop();
    assert.equal((await ended).code, Code.UNAVAILABLE);
  });
});
