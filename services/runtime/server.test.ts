import assert from "node:assert/strict";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, it } from "vitest";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { unary } from "../ports/service-handlers.ts";
import { callUnary, grpcClient, pathOf, startTestServer, until } from "./server.fixture.ts";
import { grpcAnswers, grpcFrame, HTTP2, http2Frame, http2Opening, openSocket } from "./wire.fixture.ts";

const { write, writeLog } = IngestService.method;

const HTTP_CALL = Buffer.from("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");

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

  it("serves on every protocol, new connections included, when it has announced that it will stop", async () => {
    const { server, address } = await startTestServer();
    const session = connectHttp2(`http://${address}`);
    let isToGo = false;
    session.on("goaway", () => {
      isToGo = true;
    });
    await new Promise((resolve) => session.once("remoteSettings", resolve));
    server.announceStop();
    for (const path of ["/readyz", "/servingz"]) {
      const answer = await fetch(`http://${address}${path}`);
      assert.equal(answer.status, 503, path);
      assert.equal(answer.headers.get("connection"), "close", "a connection that is kept would be a call cut later");
    }
    assert.equal((await fetch(`http://${address}/healthz`)).status, 200);
    assert.equal((await callUnary(grpcClient(address), write, Buffer.from("four"))).accepted, 4);
    const body = JSON.stringify({ service: "a", message: "b" });
    const rest = await fetch(`http://${address}/logs`, { method: "POST", body });
    assert.equal(rest.status, 201);
    assert.equal(isToGo, false);
    session.close();
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
