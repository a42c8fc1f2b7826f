import assert from "node:assert/strict";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { isKind } from "../domain/errors.ts";
import { unary } from "../ports/service-handlers.ts";
import { callUnary, grpcClient, pathOf, startTestServer, until } from "./server.fixture.ts";
import { grpcAnswers, grpcFrame, HTTP2, http2Frame, http2Opening, openSocket } from "./wire.fixture.ts";

const { write, writeLog } = IngestService.method;

/** A whole gRPC call as bytes. Its answer holds the request's length. */
const GRPC_CALL = Buffer.concat([
  http2Opening(pathOf(write)),
  http2Frame(HTTP2.DATA, HTTP2.END_STREAM, 1, grpcFrame(Buffer.from("four"))),
]);
const HTTP_CALL = Buffer.from("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");

describe("one port", () => {
  it("tells gRPC from HTTP/1.1 wherever the first bytes are cut", async () => {
    const { port } = await startTestServer();
    const cuts = Array.from({ length: 40 }, (_, index) => index + 1);
    await Promise.all(
      cuts.map(async (cut) => {
        const [grpc, http] = [openSocket(port), openSocket(port)];
        grpc.socket.write(GRPC_CALL.subarray(0, cut));
        http.socket.write(HTTP_CALL.subarray(0, cut));
        await sleep(20);
        grpc.socket.write(GRPC_CALL.subarray(cut));
        http.socket.write(HTTP_CALL.subarray(cut));
        await until(() => grpcAnswers(grpc.bytes())[0] === 4);
        await until(() => /^HTTP\/1\.1 200 OK.*\r\n\r\nok$/s.test(http.text()));
      }),
    );
  });

  it("takes them byte by byte from a slow sender", async () => {
    const { port } = await startTestServer();
    for (const [call, answered] of [
      [GRPC_CALL, (bytes: Buffer) => grpcAnswers(bytes)[0] === 4],
      [HTTP_CALL, (bytes: Buffer) => bytes.toString().endsWith("ok")],
    ] as const) {
      const { socket, bytes } = openSocket(port);
      socket.setNoDelay(true);
      for (const byte of call) {
        socket.write(Buffer.of(byte));
        await sleep(1);
      }
      await until(() => answered(bytes()));
    }
  });

  it.each(["POST", "PUT", "PATCH", "PROPFIND"])("does not take %s for the preface", async (method) => {
    const { port } = await startTestServer();
    const { socket, text } = openSocket(port);
    socket.write(`${method} /nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n`);
    await until(() => text().startsWith("HTTP/1.1 404"));
  });

  it.each([
    ["garbage", Buffer.from("0011223344", "hex")],
    ["TLS", Buffer.from("16030100c8010000c40303", "hex")],
    ["a preface that goes wrong", Buffer.from("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")],
    ["a preface and garbage", Buffer.concat([GRPC_CALL.subarray(0, 24), Buffer.alloc(200, 0xff)])],
    ["HTTP/0.9", Buffer.from("GET /\r\n\r\n")],
    [
      "two lengths",
      Buffer.from("POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
    ],
    ["40 KiB of headers", Buffer.from(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${"x".repeat(40_000)}\r\n\r\n`)],
  ])("closes a connection that sends %s, and goes on", async (_, bytes) => {
    const { port, address } = await startTestServer();
    const { socket, closed, text } = openSocket(port);
    socket.write(bytes);
    await closed;
    if (text().startsWith("HTTP/1.1")) assert.match(text(), /^HTTP\/1\.1 4\d\d .*application\/json.*"code":[37]/s);
    assert.equal((await fetch(`http://${address}/healthz`)).status, 200);
  });

  it("closes a connection that says nothing, or not enough", async () => {
    const { port } = await startTestServer({ limits: { sniffMsMax: 100 } });
    const silent = openSocket(port);
    const twoBytes = openSocket(port);
    twoBytes.socket.write("PR");
    await Promise.all([silent.closed, twoBytes.closed]);
  });

  it("closes a connection whose client closes its side before it has said enough", async () => {
    const { port } = await startTestServer();
    for (const start of ["", "P", "PR"]) {
      const { socket, closed } = openSocket(port, true);
      socket.end(start);
      await closed;
    }
  });

  it("takes an HTTP/1.1 client that closes its side for one that hung up: it has no other way to say so", async () => {
    let reason: unknown;
    const { port, server } = await startTestServer({
      ingest: {
        writeLog: unary(async (_, { signal }) => {
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          reason = signal.reason;
          return {};
        }),
      },
    });
    const { socket, closed } = openSocket(port, true);
    const head = `POST ${pathOf(writeLog)} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json`;
    socket.write(`${head}\r\ncontent-length: 2\r\n\r\n{}`);
    await until(() => server.callsInFlight === 1);
    socket.end();
    await closed;
    await until(() => server.callsInFlight === 0);
    assert.ok(isKind(reason, "cancelled"));
  });

  it("does not keep an HTTP/2 connection whose client has closed its side", async () => {
    const { port } = await startTestServer();
    const { socket, bytes, closed } = openSocket(port, true);
    socket.write(GRPC_CALL);
    await until(() => grpcAnswers(bytes())[0] === 4);
    socket.end();
    await closed;
  });

  it("closes a connection that sends headers too slowly", async () => {
    const { port } = await startTestServer({ limits: { headersMsMax: 200 } });
    const { socket, text, closed } = openSocket(port);
    socket.write("GET /healthz HTTP/1.1\r\n");
    const drip = setInterval(() => socket.write("x: y\r\n"), 20);
    await closed;
    clearInterval(drip);
    assert.match(text(), /^HTTP\/1\.1 408 /);
  });

  it("takes so many connections and no more, and again when some have left", async () => {
    const { port, address } = await startTestServer({ limits: { connectionsMax: 5 } });
    const taken = Array.from({ length: 5 }, () => openSocket(port));
    await Promise.all(taken.map(({ socket }) => new Promise((resolve) => socket.once("connect", resolve))));
    await sleep(30);
    await openSocket(port).closed;
    taken[0]!.socket.destroy();
    await sleep(30);
    assert.equal((await fetch(`http://${address}/healthz`)).status, 200);
  });

  it("holds 1,000 idle connections of either kind in little memory", { timeout: 30_000 }, async () => {
    const { port, address } = await startTestServer({ limits: { sniffMsMax: 60_000 } });
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    const openings = [Buffer.alloc(0), Buffer.from("GET / HT"), GRPC_CALL];
    const sockets = Array.from({ length: 1_000 }, (_, index) => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined).resume();
      socket.write(openings[index % openings.length]!);
      return socket;
    });
    await sleep(1_000);
    assert.equal((await callUnary(grpcClient(address), writeLog, { message: "through" })).id, "through");
    const grown = process.memoryUsage().rss - before;
    for (const socket of sockets) socket.destroy();
    // Both ends of every connection live in this process.
    assert.ok(grown < 150 * 1024 * 1024, `${Math.round(grown / 1024 / 1024)} MiB`);
  });
});
