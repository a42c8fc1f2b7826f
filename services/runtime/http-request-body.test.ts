import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, it } from "vitest";
import { IngestService, WriteLogRequestSchema } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import { type LogBatch, LogBatchSchema } from "../../gen/logpulse/v1/log_batch_pb.ts";
import { pathOf, repeatableRandom, startTestServer, until } from "./server.fixture.ts";
import { grpcFrame, openSocket } from "./wire.fixture.ts";

const { upload, write, writeLog } = IngestService.method;

function batch(message: string): LogBatch {
  return create(LogBatchSchema, { firstSeq: 7n, records: [{ message }] });
}

function post(address: string, path: string, headers: Record<string, string>, body: string | Uint8Array<ArrayBuffer>) {
  return fetch(`http://${address}${path}`, { method: "POST", headers, body });
}

describe("Connect and gRPC-Web requests that are wrong", () => {
  const json = { "content-type": "application/json" };
  const binary = { "content-type": "application/proto" };
  const web = { "content-type": "application/grpc-web+proto" };

  async function connectCode(response: Response): Promise<string> {
    return ((await response.json()) as { code: string }).code;
  }

  /** The grpc-status in the trailer frame. */
  async function webStatus(response: Response): Promise<string | undefined> {
    return /grpc-status: ?(\d+)/.exec(Buffer.from(await response.arrayBuffer()).toString())?.[1];
  }

  it("have fields that are not in the contract", async () => {
    const { address } = await startTestServer();
    const response = await post(address, pathOf(writeLog), json, '{"message": "a", "mesage": "b"}');
    assert.equal(response.status, 400);
    assert.match(await response.text(), /invalid_argument.*mesage/);
  });

  it("are bytes that are not the message", async () => {
    const { address } = await startTestServer();
    const valid = toBinary(WriteLogRequestSchema, create(WriteLogRequestSchema, { message: "hello" }));
    for (const bytes of [valid.subarray(0, -1), Buffer.from("ff", "hex"), Buffer.from("22ffffffff0f", "hex")]) {
      const direct = await post(address, pathOf(writeLog), binary, Buffer.from(bytes));
      assert.equal(direct.status, 400);
      assert.equal(await connectCode(direct), "invalid_argument");
      assert.equal(await webStatus(await post(address, pathOf(writeLog), web, grpcFrame(bytes))), "3");
      const stream = await post(
        address,
        pathOf(upload),
        { "content-type": "application/connect+proto" },
        grpcFrame(bytes),
      );
      assert.match(await stream.text(), /"code":"invalid_argument"/);
    }
  });

  it("grow when decompressed, or do not decompress", async () => {
    const { address } = await startTestServer();
    const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024));
    for (const bytes of [bomb, Buffer.from("no gzip"), bomb.subarray(0, 100)]) {
      const direct = await post(address, pathOf(write), { ...binary, "content-encoding": "gzip" }, bytes);
      assert.equal(await connectCode(direct), "invalid_argument");
      const framed = await post(address, pathOf(write), { ...web, "grpc-encoding": "gzip" }, grpcFrame(bytes, 1));
      assert.equal(await webStatus(framed), "3");
    }
    const unknown = await post(address, pathOf(write), { ...binary, "content-encoding": "snappy" }, "a");
    assert.equal(await connectCode(unknown), "unimplemented");
  });

  it("claim more than they have, or less", async () => {
    const { address } = await startTestServer();
    const whole = grpcFrame(toBinary(LogBatchSchema, batch("hello")));
    const huge = Buffer.from("00ffffffff", "hex");
    for (const body of [whole.subarray(0, -1), whole.subarray(0, 3), huge, Buffer.concat([whole, whole]), ""]) {
      const status = await webStatus(await post(address, pathOf(write), web, body));
      assert.match(status ?? "", /^(3|12)$/, `${body.length} bytes`);
    }
  });

  it("have a Host or a path of which no address can be made", async () => {
    const { port, address } = await startTestServer({ allowedHosts: ["[", "a b"] });
    for (const host of ["[", "a b", "localhost:99999"]) {
      const { socket, text } = openSocket(port);
      const headers = "content-type: application/json\r\ncontent-length: 2\r\nconnection: close";
      socket.write(`POST ${pathOf(writeLog)}?[=//%zz HTTP/1.1\r\nhost: ${host}\r\n${headers}\r\n\r\n{}`);
      await until(() => text().length > 0);
      assert.match(text(), /^HTTP\/1\.1 (200|403) /);
    }
    assert.equal((await fetch(`http://${address}/healthz`)).status, 200);
  });

  it("use a method or a type that is not served", async () => {
    const { address } = await startTestServer();
    assert.equal((await fetch(`http://${address}${pathOf(write)}`)).status, 405);
    assert.equal((await post(address, pathOf(write), { "content-type": "text/plain" }, "a")).status, 415);
    assert.equal((await post(address, pathOf(write), { "content-type": "application/grpc" }, "a")).status, 415);
  });

  it("stop in the middle", async () => {
    const { port, server } = await startTestServer({ limits: { streamIdleMsMax: 100 } });
    for (const type of ["application/proto", "application/grpc-web+proto", "application/connect+proto"]) {
      const { socket, text, closed } = openSocket(port);
      const path = type.includes("connect") ? pathOf(upload) : pathOf(write);
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: 1000\r\n\r\nabc`,
      );
      await closed;
      assert.match(text(), /deadline_exceeded|grpc-status: 4/, type);
    }
    await until(() => server.callsInFlight === 0);
  });

  it("are random bytes, and cost nobody else anything", async () => {
    const { address, server } = await startTestServer();
    const random = repeatableRandom(7);
    const types = ["json", "proto", "connect+json", "connect+proto", "grpc-web", "grpc-web+json", "grpc-web-text", "x"];
    for (let round = 0; round < 20; round += 1) {
      const calls = types.map((type) => {
        const bytes = Buffer.from(Array.from({ length: Math.floor(random() * 100) }, () => Math.floor(random() * 256)));
        const path = pathOf([upload, write, writeLog][Math.floor(random() * 3)]!);
        return post(
          address,
          path,
          { "content-type": `application/${type}` },
          random() < 0.5 ? grpcFrame(bytes) : bytes,
        );
      });
      for (const response of await Promise.all(calls)) await response.arrayBuffer();
    }
    await until(() => server.callsInFlight === 0);
  });
});
