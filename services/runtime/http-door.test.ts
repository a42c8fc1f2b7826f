import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { unary } from "../ports/service-handlers.ts";
import { pathOf, startTestServer, until } from "./server.fixture.ts";
import { openSocket } from "./wire.fixture.ts";

const { writeLog } = IngestService.method;

const HTTP_CALL = Buffer.from("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");

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

  describe("/servingz", () => {
    const service = IngestService.typeName;
    const servingOf = async (address: string) => {
      const response = await fetch(`http://${address}/servingz`);
      return [response.status, await response.json()];
    };

    it("goes by the services and their failures in a row, not by all that /readyz names", async () => {
      const away = new Set<string>();
      const checks = [
        { name: "event log", services: [service], check: async () => assert.ok(!away.has("event log")) },
        { name: "search", services: [], check: async () => assert.ok(!away.has("search")) },
      ];
      // Only /readyz looks, so the test counts the looks.
      const { address } = await startTestServer({ checks, limits: { healthRefreshMs: 600_000 } });
      const look = async () => (await fetch(`http://${address}/readyz`)).status;
      assert.equal(await look(), 200);
      assert.deepEqual(await servingOf(address), [200, { serving: true, notServing: [] }]);
      away.add("search");
      for (let times = 1; times <= 4; times += 1) assert.equal(await look(), 503);
      assert.deepEqual(await servingOf(address), [200, { serving: true, notServing: [] }]);
      away.add("event log");
      for (let times = 1; times <= 2; times += 1) assert.equal(await look(), 503);
      assert.deepEqual(await servingOf(address), [200, { serving: true, notServing: [] }]);
      assert.equal(await look(), 503);
      assert.deepEqual(await servingOf(address), [503, { serving: false, notServing: [service] }]);
      away.clear();
      assert.equal(await look(), 200);
      assert.deepEqual(await servingOf(address), [200, { serving: true, notServing: [] }]);
    });

    it.each([true, false])("is 503 while the process drains (with services: %s)", async (withServices) => {
      const { server, port, address } = await startTestServer(withServices ? {} : { services: [] });
      assert.equal((await fetch(`http://${address}/readyz`)).status, 200);
      const { socket, text } = openSocket(port); // Open before: no new connection is accepted any more.
      socket.write("GET /servingz HTTP/1.1\r\nhost: localhost\r\n\r\n");
      await until(() => text().includes("200 OK"));
      const stopped = server.stop();
      socket.write("GET /servingz HTTP/1.1\r\nhost: localhost\r\n\r\n");
      await until(() => text().includes('"serving":false'));
      assert.match(text(), /HTTP\/1\.1 503 /);
      await stopped;
    });
  });

  it.each(["/", "/nope", "/logpulse.v1.IngestService/Nope", "/%01<script>"])(
    "says what is served instead of %s",
    async (path) => {
      const { address } = await startTestServer();
      const response = await fetch(`http://${address}${path}`);
      assert.equal(response.status, 404);
      assert.equal(response.headers.get("content-type"), "application/json");
      const { code, message } = (await response.json()) as { code: number; message: string };
      assert.equal(code, 5);
      assert.match(message, /what is served here is gRPC, .*REST.*GET \/healthz/);
    },
  );

  it("serves a client that expects anything, since it is no reason to refuse", async () => {
    const { port } = await startTestServer();
    for (const expected of ["100-continue", "200-ok"]) {
      const { socket, text } = openSocket(port);
      socket.write(`GET /healthz HTTP/1.1\r\nhost: localhost\r\nexpect: ${expected}\r\nconnection: close\r\n\r\n`);
      await until(() => text().endsWith("ok"));
      assert.match(text(), /^(HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 200 OK/);
    }
  });

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
    assert.equal(await statusOf("/servingz", "host: evil.example"), 403);
    assert.equal(await statusOf(pathOf(writeLog), "host: evil.example"), 403);
    assert.equal(await statusOf("/readyz", "host: logs.example\r\norigin: https://logs.example"), 200);
    assert.equal(await statusOf("/readyz", `host: 127.0.0.1:${port}`), 200);
    assert.equal(await statusOf("/healthz", "host: ingest_http1"), 200);
  });

  it("refuses a request with two Host headers: somebody else may believe the other one", async () => {
    const { port } = await startTestServer();
    const { socket, text } = openSocket(port);
    socket.write("GET /readyz HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\nconnection: close\r\n\r\n");
    await until(() => text().includes("2 Host headers"));
    assert.match(text(), /^HTTP\/1\.1 400 /);
  });

  it("answers a request that is carried out, whatever stands behind it, and then closes", async () => {
    const gate = Promise.withResolvers<void>();
    const kept = unary(async () => {
      await gate.promise;
      return { id: "kept" };
    });
    const { port, server } = await startTestServer({ ingest: { writeLog: kept } });
    const { socket, text } = openSocket(port);
    let closed = false;
    socket.on("close", () => {
      closed = true;
    });
    socket.write("POST /logs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}GARBAGE\r\n\r\n");
    await until(() => server.callsInFlight === 1);
    gate.resolve();
    await until(() => closed);
    assert.match(text(), /^HTTP\/1\.1 201 Created\r\n/);
    assert.match(text(), /"id":"kept"/);
    assert.equal(text().split("HTTP/1.1").length, 2);
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
