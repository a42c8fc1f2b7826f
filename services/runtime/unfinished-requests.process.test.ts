import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { ServiceError } from "@grpc/grpc-js";
import { describe, it, onTestFinished } from "vitest";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import {
  HTTP_BODY_BYTES_MAX,
  RECEIVED_BYTES_MAX,
  RECEIVED_SILENT_MS_MAX,
  STREAMS_PER_CONNECTION_MAX,
} from "../domain/limits.ts";
import { callUnary, failureOf, grpcClient, pathOf, startTestServer, until } from "./server.fixture.ts";
import { grpcFrame, openHttp2 } from "./wire.fixture.ts";

const { stream, upload, write, writeLog } = IngestService.method;
const MiB = 1024 * 1024;
const GROWN_MIB_MAX = 320; // The room for requests, what passes through at the time, and garbage of both: of 600 offered.
const WHOLE = grpcFrame(Buffer.alloc(4 * MiB - 10));
const UNFINISHED = WHOLE.subarray(0, -10);
const BOMB = grpcFrame(gzipSync(Buffer.alloc(4 * MiB)), 1);

describe("requests of which all but the end came", () => {
  it.each([
    ["streams with an unfinished message", upload, UNFINISHED, 150],
    ["streams both ways with an unfinished message", stream, UNFINISHED, 150],
    ["calls with an unfinished message", write, UNFINISHED, 150],
    ["calls that do not end after their message", write, WHOLE, 150],
    ["calls with a message that grows a thousand times", write, BOMB, 300],
  ])("hold little memory as %s", async (_, method, body, count) => {
    const { address, memory } = await startServerProcess();
    const before = await memory();
    const statuses = await attackByGrpc(address, pathOf(method), body, count);
    await staysWithin(before.rss, memory);
    await othersAreServed(address);
    assert.ok(statuses.length > 0);
    assert.deepEqual(new Set(statuses), new Set(["14"]));
  });

  it("hold very little as streams both ways that are silent between two messages", async () => {
    const { address, memory } = await startServerProcess();
    const before = await memory();
    const count = STREAMS_PER_CONNECTION_MAX - 1;
    const statuses = await attackByGrpc(address, pathOf(stream), grpcFrame(Buffer.from("a")), count);
    await sleep(1_000);
    const { rss, held } = await memory();
    assert.equal(held, 0);
    assert.deepEqual(new Set(statuses), new Set(["undefined"])); // All are open: none has a status.
    assert.equal(statuses.length, count);
    assert.ok(rss - before.rss < 80 * MiB, `${Math.round((rss - before.rss) / MiB)} MiB more than before`);
  });

  it.each([
    ["Connect", pathOf(writeLog)],
    ["REST", "/logs"],
    ["a REST stream", "/v1/logs:upload"],
  ])("hold little memory as HTTP/1.1 bodies: %s", async (_, path) => {
    const { address, port, memory } = await startServerProcess();
    const before = await memory();
    const statuses = attackByHttp(port, path, 40);
    await staysWithin(before.rss, memory);
    await othersAreServed(address);
    assert.ok(statuses.length > 0);
    assert.deepEqual(new Set(statuses), new Set(["503"]));
  });
});

describe("the count of received bytes", () => {
  it("comes back to nothing, however calls end", async () => {
    const { address, server } = await startTestServer({ limits: { receivedBytesMax: 6 * MiB } });
    const client = grpcClient(address);
    await callUnary(client, write, Buffer.alloc(4 * MiB));
    await callUnary(client, writeLog, { message: "small" });
    await failureOf(callUnary(client, writeLog, Buffer.alloc(MiB, 0xff)));
    for (const body of [JSON.stringify({ message: "a".repeat(MiB) }), " ".repeat(8 * MiB)]) {
      const headers = { "content-type": "application/json" };
      await (await fetch(`http://${address}${pathOf(writeLog)}`, { method: "POST", headers, body })).arrayBuffer();
    }
    const { session, request } = openHttp2(address);
    request({ ":path": pathOf(upload) }, UNFINISHED, false).catch(() => undefined);
    await until(() => server.receivedBytes >= UNFINISHED.length);
    const refused = await failureOf(callUnary(client, write, Buffer.alloc(4 * MiB)));
    assert.deepEqual(refused.metadata.get("retry-after"), ["1"]);
    session.destroy();
    await until(() => server.receivedBytes === 0);
  });

  it("does not hold a stream's message that its handler has taken over", async () => {
    const { address, server } = await startTestServer();
    const { request } = openHttp2(address);
    request({ ":path": pathOf(upload) }, WHOLE, false).catch(() => undefined);
    await until(() => server.callsInFlight === 1);
    await sleep(500); // The message has come by now; that it was counted may be over between two looks.
    await until(() => server.receivedBytes === 0);
    assert.equal(server.callsInFlight, 1);
  });
});

async function startServerProcess() {
  const child: ChildProcess = fork(new URL("./small-server.fixture.ts", import.meta.url));
  onTestFinished(() => void child.kill());
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  const memory = async () => {
    child.send("memory");
    const [now] = (await once(child, "message")) as [{ rss: number; held: number }];
    return now;
  };
  return { port, address: `127.0.0.1:${port}`, memory };
}

/** Opens the calls and leaves them open. Gives the statuses of those that were ended, as they come. */
async function attackByGrpc(address: string, path: string, body: Buffer, count: number): Promise<string[]> {
  const session = connectHttp2(`http://${address}`, { maxSessionMemory: 10_000 });
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  await once(session, "remoteSettings");
  const statuses: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const headers = { "content-type": "application/grpc", te: "trailers", "grpc-encoding": "gzip" };
    const stream = session.request({ ":method": "POST", ":path": path, ...headers });
    stream.on("response", (received) => statuses.push(String(received["grpc-status"]))).on("error", () => undefined);
    stream.write(body);
  }
  return statuses;
}

/** The same with bodies of the greatest length on connections of their own. */
function attackByHttp(port: number, path: string, count: number): string[] {
  const statuses: string[] = [];
  const start = Buffer.from(`["${"a".repeat(HTTP_BODY_BYTES_MAX - 12)}`);
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json`;
  for (let index = 0; index < count; index += 1) {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.on("error", () => undefined).on("data", (answer) => statuses.push(answer.toString().split(" ", 2)[1] ?? ""));
    socket.write(`${head}\r\ncontent-length: ${HTTP_BODY_BYTES_MAX}\r\n\r\n`);
    socket.write(start);
  }
  return statuses;
}

/** Looks on for as long as a silent client has when room is short. */
async function staysWithin(rssBefore: number, memory: () => Promise<{ rss: number; held: number }>): Promise<void> {
  const endMs = performance.now() + 1_500 + RECEIVED_SILENT_MS_MAX;
  while (performance.now() < endMs) {
    const { rss, held } = await memory();
    const grownMiB = Math.round((rss - rssBefore) / MiB);
    assert.ok(grownMiB < GROWN_MIB_MAX, `${grownMiB} MiB more than before`);
    assert.ok(held <= RECEIVED_BYTES_MAX + MiB, `${held} bytes are held`);
    await sleep(100);
  }
}

/** A small call at once, and a large one when it has waited as it was told. */
async function othersAreServed(address: string): Promise<void> {
  const client = grpcClient(address);
  assert.equal((await callUnary(client, writeLog, { message: "small" })).id, "small");
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { accepted } = await callUnary(client, write, Buffer.alloc(4 * MiB));
      return assert.equal(accepted, 4 * MiB);
    } catch (reason) {
      const { metadata } = reason as ServiceError;
      assert.deepEqual(metadata.get("retry-after"), ["1"]);
      assert.ok(attempt < 10, String(reason));
      await sleep(1_000);
    }
  }
}
