import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
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
