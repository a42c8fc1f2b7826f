import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { describe, it } from "vitest";
import { IngestService, WriteResponseSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { isKind } from "../domain/errors.ts";
import { unary } from "../ports/service-handlers.ts";
import {
  callUnary,
  grpcClient,
  grpcFrame,
  HTTP2,
  http2Frame,
  http2Opening,
  openSocket,
  pathOf,
  startTestServer,
  until,
} from "./server.fixture.ts";

const { write, writeLog } = IngestService.method;

/** A whole gRPC call as bytes. Its answer holds the request's length. */
const GRPC_CALL = Buffer.concat([
  http2Opening(pathOf(write)),
  http2Frame(HTTP2.DATA, HTTP2.END_STREAM, 1, grpcFrame(Buffer.from("four"))),
]);
const HTTP_CALL = Buffer.from("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");

/** What the answers to Write say that came back, in the order in which they came. */
function grpcAnswers(bytes: Buffer): number[] {
  const answers: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    const payload = bytes.subarray(at + 9, at + 9 + bytes.readUIntBE(at, 3));
    const isAnswer = bytes[at + 3] === HTTP2.DATA && payload.length > 5;
    if (isAnswer) answers.push(fromBinary(WriteResponseSchema, payload.subarray(5)).accepted);
  }
  return answers;
}

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

describe("plain HTTP", () => {
  it("says that the process lives", async () => {
    const { address } = await startTestServer();
    const response = await fetch(`http://${address}/healthz?x=y`);
    assert.deepEqual([response.status, await response.text()], [200, "ok"]);
    assert.equal((await fetch(`http://${address}/healthz`, { method: "HEAD" })).status, 200);
  });

  it("says which part is not ready, and why", async () => {
    let reason: string | undefined;
    const check = async () => {
      if (reason) throw new Error(reason);
    };
    const checks = [
      { name: "event log", services: [], check },
      { name: "clock", services: [], check: async () => {} },
    ];
    const { address } = await startTestServer({ checks });
    const ready = await fetch(`http://${address}/readyz`);
    assert.deepEqual([ready.status, await ready.json()], [200, { ready: true, notReady: [] }]);
    reason = "no broker answers at 127.0.0.1:9092";
    const notReady = await fetch(`http://${address}/readyz`);
    assert.equal(notReady.status, 503);
    assert.deepEqual(await notReady.json(), { ready: false, notReady: [{ name: "event log", reason }] });
  });

  it("is not ready when a part does not answer", async () => {
    const checks = [{ name: "store", services: [], check: () => new Promise<void>(() => {}) }];
    const { address } = await startTestServer({ checks, limits: { readyCheckMsMax: 50 } });
    const response = await fetch(`http://${address}/readyz`);
    assert.equal(response.status, 503);
    assert.match(await response.text(), /"store","reason":"no answer within 50 ms"/);
  });

  it.each(["/", "/logs", "/logpulse.v1.IngestService/Nope", "/%00<script>"])(
    "says what is served instead of %s",
    async (path) => {
      const { address } = await startTestServer();
      const response = await fetch(`http://${address}${path}`);
      assert.equal(response.status, 404);
      assert.equal(response.headers.get("content-type"), "application/json");
      const { code, message } = (await response.json()) as { code: number; message: string };
      assert.equal(code, 5);
      assert.match(message, /what is served here is gRPC, .*GET \/healthz/);
    },
  );

  it("refuses names and pages of others on loopback, except for /healthz", async () => {
    const { port } = await startTestServer({ allowedHosts: ["logs.example"] });
    const statusOf = async (path: string, headers: string) => {
      const { socket, text } = openSocket(port);
      socket.write(`GET ${path} HTTP/1.1\r\n${headers}\r\nconnection: close\r\n\r\n`);
      await until(() => text().includes("\r\n\r\n"));
      return Number(text().slice(9, 12));
    };
    assert.equal(await statusOf("/readyz", "host: evil.example"), 403);
    assert.equal(await statusOf("/readyz", "host: localhost\r\norigin: https://evil.example"), 403);
    assert.equal(await statusOf(pathOf(writeLog), "host: evil.example"), 403);
    assert.equal(await statusOf("/readyz", "host: logs.example\r\norigin: https://logs.example"), 200);
    assert.equal(await statusOf("/readyz", `host: 127.0.0.1:${port}`), 200);
    assert.equal(await statusOf("/healthz", "host: ingest_http1"), 200);
  });

  it("keeps a connection for the next request", async () => {
    const { port } = await startTestServer();
    const { socket, text } = openSocket(port);
    for (let times = 1; times <= 3; times += 1) {
      socket.write(HTTP_CALL);
      await until(() => text().split("HTTP/1.1 200 OK").length === times + 1);
    }
  });
});

describe("stopping", () => {
  /** Handlers that answer when the gate opens. */
  function gatedServer(drainMsMax = 20_000) {
    const gate = Promise.withResolvers<void>();
    const settings = {
      drainMsMax,
      ingest: {
        writeLog: unary<typeof writeLog.input, typeof writeLog.output>(async ({ message }) => {
          await gate.promise;
          return { id: message };
        }),
      },
    };
    return { gate, started: startTestServer(settings) };
  }

  it("answers all calls in flight on every protocol, refuses new connections, and then closes all", async () => {
    const { gate, started } = gatedServer(60_000);
    const { server, port, address } = await started;
    const client = grpcClient(address);
    const grpc = Array.from({ length: 50 }, (_, index) => callUnary(client, writeLog, { message: `${index}` }));
    const http = Array.from({ length: 20 }, async () => {
      const headers = { "content-type": "application/json" };
      const init = { method: "POST", headers, body: '{"message":"http"}' };
      return (await fetch(`http://${address}${pathOf(writeLog)}`, init)).json();
    });
    const idle = [openSocket(port), openSocket(port)];
    idle[1]!.socket.write(HTTP_CALL);
    await until(() => server.callsInFlight === 70);

    const stopped = server.stop();
    await sleep(50);
    const refused = connect(port, "127.0.0.1");
    const [error] = await new Promise<unknown[]>((resolve) => refused.once("error", (...reasons) => resolve(reasons)));
    assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
    assert.equal(server.callsInFlight, 70);

    gate.resolve();
    const answers = await Promise.all(grpc);
    assert.deepEqual(
      answers.map(({ id }) => Number(id)),
      Array.from({ length: 50 }, (_, index) => index),
    );
    for (const answer of await Promise.all(http)) assert.deepEqual(answer, { id: "http" });
    const before = performance.now();
    await stopped;
    await Promise.all(idle.map(({ closed }) => closed));
    assert.ok(performance.now() - before < 5_000, "nothing holds the end up");
  });

  it("says GOAWAY, so that clients call elsewhere", async () => {
    const { server, address } = await startTestServer();
    const session = connectHttp2(`http://${address}`);
    const goAway = new Promise<number>((resolve) => session.on("goaway", resolve));
    await new Promise((resolve) => session.once("remoteSettings", resolve));
    await server.stop();
    assert.equal(await goAway, 0);
  });

  it("names the last call that came in, so that a client knows which it may send again", async () => {
    const { server, port } = await startTestServer({ drainMsMax: 20_000 });
    const { socket, bytes, closed } = openSocket(port);
    socket.write(http2Opening(pathOf(write)));
    socket.write(http2Frame(HTTP2.SETTINGS, HTTP2.ACK, 0));
    await until(() => server.callsInFlight === 1);
    const stopped = server.stop();
    await until(() => bytes().includes(Buffer.of(HTTP2.GOAWAY, 0, 0, 0, 0, 0, 0, 0, 0, 1)));
    socket.write(http2Opening(pathOf(write), 3).subarray(24 + 9));
    socket.write(http2Frame(HTTP2.DATA, HTTP2.END_STREAM, 3, grpcFrame(Buffer.from("not seen"))));
    socket.write(http2Frame(HTTP2.DATA, HTTP2.END_STREAM, 1, grpcFrame(Buffer.from("four"))));
    await Promise.all([stopped, closed]);
    assert.deepEqual(grpcAnswers(bytes()), [4]);
  });

  it("tells calls that take too long that it cannot wait, on every protocol", async () => {
    const { started } = gatedServer(500);
    const { server, address } = await started;
    const grpc = callUnary(grpcClient(address), writeLog, {}).catch((error: unknown) => error);
    const http = fetch(`http://${address}${pathOf(writeLog)}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    await until(() => server.callsInFlight === 2);
    await server.stop();
    assert.match(String(await grpc), /14 UNAVAILABLE: the process is stopping/);
    const response = await http;
    assert.equal(response.status, 503);
    assert.match(await response.text(), /"code":"unavailable"/);
  });

  it("may be asked twice, and before the start", async () => {
    const { server } = await startTestServer();
    await Promise.all([server.stop(), server.stop()]);
    await server.stop();
  });

  it("fails to start on a port that is taken", async () => {
    const { port } = await startTestServer();
    await assert.rejects(startTestServer({ port }), /EADDRINUSE/);
  });
});
