import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { fromBinary } from "@bufbuild/protobuf";
import { describe, it, onTestFinished } from "vitest";
import { IngestService } from "../../../gen/logpulse/v1/ingest_service_pb.ts";
import { LogBatchSchema } from "../../../gen/logpulse/v1/log_batch_pb.ts";
import { StatsService } from "../../../gen/logpulse/v1/stats_service_pb.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { HTTP_BODY_BYTES_MAX, JSON_UPLOAD_BYTES_MAX } from "../../domain/limits.ts";
import { type CallContext, clientStreamBytes, unary, unaryBytes } from "../../ports/service-handlers.ts";
import { repeatableRandom, startTestServer, until } from "../server.fixture.ts";
import { openSocket } from "../wire.fixture.ts";

const MiB = 1024 * 1024;
const method = IngestService.method.writeLog;
const stats = StatsService.method.getStats;

interface Status {
  code: number;
  message: string;
  details: { "@type": string; reason?: string; metadata?: object }[];
}

const post = (
  address: string,
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
) => fetch(`http://${address}${path}`, { method: "POST", body, headers, duplex: "half" } as RequestInit);

async function statusOf(answer: Response): Promise<Status> {
  assert.equal(answer.headers.get("content-type"), "application/json");
  return (await answer.json()) as Status;
}

describe("REST calls", () => {
  it("reach a handler that takes messages, and tell it who calls until when", async () => {
    let seen: CallContext | undefined;
    const writeLog = unary<typeof method.input, typeof method.output>(async (message, context) => {
      seen = context;
      return { id: `${message.serviceName}: ${message.message}` };
    });
    const { address, server } = await startTestServer({
      tenant: "acme",
      ingest: { writeLog },
      trustedProxies: ["127.0.0.1"],
    });
    const headers = { "grpc-timeout": "5S", "x-envoy-external-address": "203.0.113.7" };
    const answer = await post(address, "/logs", '{"service_name":"auth","message":"é🦊"}', headers);
    assert.deepEqual([answer.status, await answer.json()], [201, { id: "auth: é🦊", message: "", total_logged: 0 }]);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.deepEqual([seen?.tenant, seen?.client, seen?.signal.aborted], ["acme", "203.0.113.7", false]);
    const leftMs = (seen?.deadlineMs ?? 0) - Date.now();
    assert.ok(leftMs > 0 && leftMs <= 5_000, `${leftMs} ms are left`);
    assert.equal(server.callsInFlight, 0);
    await until(() => server.receivedBytes === 0);
  });

  it("bind parameters, and print what is zero", async () => {
    const { address } = await startTestServer();
    const answer = await fetch(`http://${address}/stats?type=a+b%26&range=`);
    assert.deepEqual([answer.status, await answer.json()], [200, { type: "a b&" }]);
  });

  it("reach handlers that take bytes with the encoded message", async () => {
    const got: string[] = [];
    const keep = (bytes: Uint8Array) => got.push(fromBinary(LogBatchSchema, bytes).records[0]!.message);
    const { address } = await startTestServer({
      ingest: { write: unaryBytes(async (bytes) => ({ accepted: keep(bytes) })) },
    });
    const answer = await post(address, "/v1/logs:write", '{"records":[{"message":"one"}]}');
    assert.deepEqual(await answer.json(), { producerId: "", firstSeq: "0", accepted: 1, rejects: [] });
    assert.deepEqual(got, ["one"]);
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["identity", (text: string) => Buffer.from(text)],
    ["GZIP", gzipSync],
  ])("take bodies that are compressed by %s", async (name, compress) => {
    const { address } = await startTestServer();
    const body = new Uint8Array(compress('{"message":"small"}'));
    const answer = await post(address, "/logs", body, { "content-encoding": name });
    assert.deepEqual([answer.status, ((await answer.json()) as { id: string }).id], [201, "small"]);
  });

  it("say what went wrong with kind, wait and details", async () => {
    const refusal = () =>
      new LogPulseError("rate_limited", "over 100 records/s", {
        retryAfterMs: 2_100,
        quota: { subject: "client", description: "100 records/s" },
      });
    const { address } = await startTestServer({ ingest: { writeLog: unary(async () => Promise.reject(refusal())) } });
    const answer = await post(address, "/logs", "{}");
    assert.deepEqual([answer.status, answer.headers.get("retry-after")], [429, "3"]);
    const { code, message, details } = await statusOf(answer);
    assert.deepEqual([code, message], [8, "over 100 records/s"]);
    assert.deepEqual(
      details.map((detail) => detail["@type"].split(".").at(-1)),
      ["ErrorInfo", "RetryInfo", "QuotaFailure"],
    );
  });

  it.each([
    ["not_found", 404, 5],
    ["store_unavailable", 503, 14],
    ["invalid_record", 400, 3],
    ["producer_expired", 400, 3],
    ["unknown_method", 501, 12],
  ] as const)("that fail with %s are %i", async (kind, status, code) => {
    const writeLog = unary(async () => Promise.reject(new LogPulseError(kind, "so it is")));
    const { address } = await startTestServer({ ingest: { writeLog } });
    const answer = await post(address, "/logs", "{}");
    assert.equal(answer.status, status);
    const { code: got, details } = await statusOf(answer);
    assert.deepEqual([got, details[0]?.reason], [code, kind.toUpperCase()]);
  });

  it("say nothing of a fault of ours, which the log gets once", async () => {
    const cause = new TypeError("secret of the database");
    const { address, logged } = await startTestServer({
      ingest: { writeLog: unary(async () => Promise.reject(cause)) },
    });
    const answer = await post(address, "/logs", "{}");
    assert.equal(answer.status, 500);
    assert.doesNotMatch(await answer.text(), /secret/);
    assert.deepEqual(
      logged.filter(({ level }) => level === "error").map(({ fields }) => fields.err),
      [cause],
    );
  });

  it("end at the client's deadline and at ours, and count until their handlers end", async () => {
    const gate = Promise.withResolvers<{ id?: string }>();
    const signals: AbortSignal[] = [];
    const writeLog = unary<typeof method.input, typeof method.output>(async (_, { signal }) => {
      signals.push(signal);
      return gate.promise;
    });
    const { address, server } = await startTestServer({ ingest: { writeLog }, limits: { restAnswerMsMax: 150 } });
    const [theirs, ours] = await Promise.all([
      post(address, "/logs", "{}", { "grpc-timeout": "50m" }),
      post(address, "/logs", "{}"),
    ]);
    assert.deepEqual([theirs.status, ours.status], [504, 504]);
    assert.match((await statusOf(theirs)).message, /the deadline of the call has passed/);
    assert.match((await statusOf(ours)).message, /there was no answer within 150 ms/);
    assert.deepEqual([signals.map(({ aborted }) => aborted), server.callsInFlight], [[true, true], 2]);
    gate.resolve({});
    await until(() => server.callsInFlight === 0);
    assert.equal((await post(address, "/logs", "{}", { "grpc-timeout": "soon" })).status, 400);
    assert.equal((await post(address, "/logs", "{}", { "grpc-timeout": "0S" })).status, 504);
    assert.equal(signals.length, 2, "what is late already does not begin");
  });

  it("are aborted when the client hangs up, before and behind the end of its request", async () => {
    const reasons: string[] = [];
    const writeLog = unary(async (_, { signal }: CallContext) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      reasons.push((signal.reason as LogPulseError).kind);
      throw new Error("in words of the handler's own");
    });
    const { port, server, logged } = await startTestServer({ ingest: { writeLog } });
    for (const body of ["{}", "{"]) {
      const { socket } = openSocket(port);
      socket.write(`POST /logs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n${body}`);
      await until(() => server.callsInFlight === 1);
      socket.destroy();
      await until(() => server.callsInFlight === 0 && server.receivedBytes === 0);
    }
    assert.deepEqual(reasons, ["cancelled"]);
    assert.deepEqual(
      logged.filter(({ level }) => level === "error"),
      [],
    );
  });

  it("whose bodies never end are ended by a stop: none is left behind", async () => {
    const { port, server, logged } = await startTestServer({ drainMsMax: 1_000 });
    for (const path of ["/logs", "/v1/logs:upload"]) {
      openSocket(port).socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99\r\n\r\n[`);
    }
    await until(() => server.callsInFlight === 2);
    await server.stop();
    assert.deepEqual(
      logged.filter(({ level }) => level === "error"),
      [],
    );
  });

  it("in flight are answered before the process stops", async () => {
    const gate = Promise.withResolvers<void>();
    const writeLog = unary(async () => {
      await gate.promise;
      return { id: "late" };
    });
    const { address, server } = await startTestServer({ ingest: { writeLog }, drainMsMax: 20_000 });
    const calls = Array.from({ length: 10 }, () => post(address, "/logs", "{}"));
    await until(() => server.callsInFlight === 10);
    const stopped = server.stop();
    gate.resolve();
    for (const answer of await Promise.all(calls)) {
      assert.equal(answer.status, 201);
    }
    await stopped;
  });
});

describe("REST requests that are wrong", () => {
  it.each([
    ["GET", "/upload", 405, "POST"],
    ["DELETE", "/logs", 405, "POST"],
    ["OPTIONS", "/v1/logs:write", 405, "POST"],
    ["HEAD", "/stats", 405, "GET"],
    ["GET", "/v1/logs:write/", 404, null],
    ["GET", "/logs:write", 404, null],
    ["GET", "/nope", 404, null],
    ["GET", "/stats?nobody=1", 400, null],
    ["GET", "/stats?type=%ff", 400, null],
    ["GET", "/stats%00", 400, null],
  ])("%s %s: %i", async (method, path, status, allow) => {
    const { address } = await startTestServer();
    const answer = await fetch(`http://${address}${path}`, { method });
    assert.deepEqual([answer.status, answer.headers.get("allow")], [status, allow]);
    if (method !== "HEAD") assert.ok((await statusOf(answer)).message.length > 10);
  });

  it.each([
    ["application/xml", {}],
    ["application/x-ndjson", {}],
    ["application/json", { "content-encoding": "snappy" }],
  ])("are 415 as %s %j", async (type, headers) => {
    const { address } = await startTestServer();
    const answer = await post(address, "/logs", "{}", { "content-type": type, ...headers });
    assert.equal(answer.status, 415);
    assert.equal((await statusOf(answer)).code, 3);
  });

  it("have names of others in Host or Origin, or in a target that is a whole URL", async () => {
    const { port } = await startTestServer();
    const first = async (target: string, headers: string) => {
      const { socket, text } = openSocket(port);
      socket.write(`GET ${target} HTTP/1.1\r\n${headers}\r\nconnection: close\r\n\r\n`);
      await until(() => text().includes("\r\n\r\n"));
      return Number(text().slice(9, 12));
    };
    assert.equal(await first("/stats", "host: evil.example"), 403);
    assert.equal(await first("/stats", "host: localhost\r\norigin: https://evil.example"), 403);
    assert.equal(await first("http://evil.example/stats", "host: localhost"), 403);
    assert.equal(await first("http://localhost/stats", "host: evil.example"), 200);
    assert.equal(await first("/stats", "host: localhost\r\norigin: http://localhost:3000"), 200);
  });

  it.each([
    ["that is announced", false],
    ["that only comes", true],
  ])(
    "have too large a body, %s: 413, no more is kept than a body's worth, and the connection goes on",
    async (_name, chunked) => {
      const { address, server } = await startTestServer();
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      onTestFinished(() => agent.destroy());
      let most = 0;
      const watch = setInterval(() => {
        most = Math.max(most, server.receivedBytes);
      }, 1);
      onTestFinished(() => clearInterval(watch));
      const large = Buffer.alloc(3 * HTTP_BODY_BYTES_MAX, "a");
      assert.equal(await sendBy(agent, address, "/logs", large, chunked), 413);
      assert.equal(await sendBy(agent, address, "/logs", Buffer.from("{}"), chunked), 201);
      assert.ok(most <= HTTP_BODY_BYTES_MAX * 1.2, `${most} bytes were held`);
      if (!chunked) assert.equal(most, 0);
    },
  );

  it("have a body that grows beyond a body: 413", async () => {
    const { address } = await startTestServer();
    for (const [name, compress] of [
      ["gzip", gzipSync],
      ["deflate", deflateSync],
      ["br", brotliCompressSync],
    ] as const) {
      const bomb = new Uint8Array(compress(Buffer.alloc(HTTP_BODY_BYTES_MAX + 1, " ")));
      assert.equal((await post(address, "/logs", bomb, { "content-encoding": name })).status, 413, name);
      const cut = bomb.subarray(0, bomb.length / 2);
      assert.match(
        String((await post(address, "/logs", cut, { "content-encoding": name })).status),
        /^(400|413)$/,
        name,
      );
      assert.equal((await post(address, "/logs", "no such thing", { "content-encoding": name })).status, 400, name);
    }
  });

  it("stop in the middle: 504, and the connection ends", async () => {
    const { port, server } = await startTestServer({ limits: { streamIdleMsMax: 100 } });
    for (const path of ["/logs", "/v1/logs:upload"]) {
      const { socket, text, closed } = openSocket(port);
      socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n[`);
      await closed;
      assert.match(text(), /^HTTP\/1\.1 504 .*connection: close.*"code":4/is, path);
    }
    await until(() => server.callsInFlight === 0 && server.receivedBytes === 0);
  });

  it("have answers that nobody reads: the connection ends, and no other", async () => {
    const getStats = unary<typeof stats.input, typeof stats.output>(async () => ({ type: "a".repeat(40 * MiB) }));
    const { port, address } = await startTestServer({ stats: { getStats }, limits: { streamIdleMsMax: 200 } });
    const { socket, bytes, closed } = openSocket(port);
    socket.pause();
    socket.write("GET /stats HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await sleep(1_500);
    socket.resume();
    await closed;
    assert.ok(bytes().length < 40 * MiB, `${bytes().length} bytes came`);
    assert.equal((await (await fetch(`http://${address}/stats`)).text()).length, 40 * MiB + '{"type":""}'.length);
  });

  it("are anything at all: never a fault of ours, and others are served", async () => {
    const { address, port, logged, server } = await startTestServer({ limits: { streamIdleMsMax: 500 } });
    const random = repeatableRandom(11);
    const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)]!;
    const parts = [
      "/",
      "logs",
      "v1",
      ":",
      "search",
      "upload",
      "stats",
      "?",
      "&",
      "=",
      "%",
      "%ff",
      "%00",
      ".",
      "..",
      "\\",
      "{id}",
    ];
    const words = [
      "{",
      "}",
      "[",
      "]",
      '"',
      ":",
      ",",
      "\\u",
      "d800",
      "null",
      "1e999",
      '"message"',
      '"records"',
      "\xff",
      " ",
      "__proto__",
    ];
    const text = (from: readonly string[], count: number) => Array.from({ length: count }, () => pick(from)).join("");
    for (let round = 0; round < 300; round += 1) {
      const { socket, text: received } = openSocket(port);
      const [method, target] = [pick(["GET", "POST", "PUT"]), `/${text(parts, Math.floor(random() * 8))}`];
      const body = Buffer.from(text(words, Math.floor(random() * 20)), "latin1");
      const type = pick(["application/json", "text/plain", "application/x-ndjson", "a/b", ""]);
      const encoding = pick(["", "", "content-encoding: gzip\r\n"]);
      const head = `host: localhost\r\ncontent-type: ${type}\r\n${encoding}content-length: ${body.length}\r\nconnection: close`;
      socket.write(Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${head}\r\n\r\n`), body]));
      await until(() => received().includes("\r\n\r\n"));
      assert.match(received(), /^HTTP\/1\.1 [24]\d\d /, `${method} ${target} ${body.toString("latin1")}`);
    }
    assert.deepEqual(
      logged.filter(({ level }) => level === "error"),
      [],
    );
    await until(() => server.callsInFlight === 0 && server.receivedBytes === 0);
    assert.equal((await fetch(`http://${address}/stats`)).status, 200);
  });
});

describe("REST streams of batches", () => {
  it.each([
    ["an array", undefined, ["[", '{"records":[{"message":"é', '🦊"}]}', " , {}", "]"]],
    ["lines", "application/x-ndjson", ["", '{"records":[{"message":"é', '🦊"}]}\n', "{}\n", ""]],
  ])("hand over each element of %s as soon as it is whole", async (_name, type, pieces) => {
    const got: string[] = [];
    const upload = clientStreamBytes(async (messages) => {
      for await (const bytes of messages) got.push(fromBinary(LogBatchSchema, bytes).records[0]?.message ?? "none");
      return { batches: BigInt(got.length) };
    });
    const { port } = await startTestServer({ ingest: { upload } });
    const { socket, text } = openSocket(port);
    const chunk = (piece: string) => piece && `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`;
    const head = `host: localhost\r\ntransfer-encoding: chunked\r\ncontent-type: ${type ?? "application/json"}`;
    socket.write(`POST /v1/logs:upload HTTP/1.1\r\n${head}\r\n\r\n`);
    for (const piece of pieces.slice(0, 3)) {
      assert.deepEqual(got, []);
      socket.write(chunk(piece));
      await sleep(20);
    }
    await until(() => got.length === 1);
    socket.write(`${pieces.slice(3).map(chunk).join("")}0\r\n\r\n`);
    await until(() => text().includes('"batches":"2"'));
    assert.deepEqual(got, ["é🦊", "none"]);
  });

  it("are read only as fast as their handler goes", async () => {
    const gate = Promise.withResolvers<void>();
    let first = false;
    const upload = clientStreamBytes(async (messages) => {
      for await (const _ of messages) {
        first = true;
        await gate.promise;
      }
      return {};
    });
    const { port, server } = await startTestServer({ ingest: { upload } });
    const { socket, text } = openSocket(port);
    const batch = JSON.stringify({ records: [{ message: "a".repeat(100_000) }] });
    const body = `[${Array.from({ length: 400 }, () => batch).join(",")}]`;
    socket.write(`POST /v1/logs:upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    await until(() => first);
    await sleep(200);
    assert.ok(server.receivedBytes < MiB, `${server.receivedBytes} bytes are held`);
    assert.ok(socket.writableLength > 20 * MiB, "the rest is still with its sender");
    gate.resolve();
    await until(() => text().startsWith("HTTP/1.1 200"));
    assert.equal(server.receivedBytes, 0);
  });

  it("have what is given beside the body in the first batch", async () => {
    const seqs: bigint[] = [];
    const upload = clientStreamBytes(async (messages) => {
      for await (const bytes of messages) seqs.push(fromBinary(LogBatchSchema, bytes).firstSeq);
      return {};
    });
    const { address } = await startTestServer({ ingest: { upload } });
    assert.equal((await post(address, "/v1/logs:upload?first_seq=7", '[{},{"firstSeq":"8"}]')).status, 200);
    assert.deepEqual(seqs, [7n, 8n]);
  });

  it("name the element that is wrong; those before it were taken", async () => {
    let taken = 0;
    const upload = clientStreamBytes(async (messages) => {
      for await (const _ of messages) taken += 1;
      return {};
    });
    const { address } = await startTestServer({ ingest: { upload } });
    const answer = await post(address, "/v1/logs:upload", '[{},{},{"records":1}]');
    assert.deepEqual([answer.status, taken], [400, 2]);
    const malformed = await statusOf(await post(address, "/v1/logs:upload", '[{},{"a"}]'));
    assert.match(malformed.message, /^element 1 of the body is no JSON/);
  });

  it("are 413 beyond their limit, whatever they are made of, and hold nothing meanwhile", async () => {
    const { address, server } = await startTestServer();
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const blanks = Buffer.alloc(JSON_UPLOAD_BYTES_MAX + MiB, " ");
    blanks[0] = "[".charCodeAt(0);
    assert.equal(await sendBy(agent, address, "/v1/logs:upload", blanks, true), 413);
    await until(() => server.receivedBytes === 0);
  });

  it("are refused compressed, since half of one would pass for the whole", async () => {
    const { address } = await startTestServer();
    const answer = await post(address, "/v1/logs:upload", new Uint8Array(gzipSync("[{}]")), {
      "content-encoding": "gzip",
    });
    assert.equal(answer.status, 415);
  });
});

/** Sends a body by a client that reads the answer while it still writes; gives the answer's status. */
function sendBy(agent: Agent, address: string, path: string, body: Buffer, chunked: boolean): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const [host, port] = address.split(":");
  const length: Record<string, number> = chunked ? {} : { "content-length": body.length };
  const sent = request({ agent, host, port, path, method: "POST", headers: length }, (answer) => {
    answer.resume().on("end", () => resolve(answer.statusCode!));
  });
  sent.on("error", reject);
  for (let at = 0; at < body.length; at += MiB) sent.write(body.subarray(at, at + MiB));
  sent.end();
  return promise;
}
