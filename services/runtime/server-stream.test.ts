import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import {
  create,
  type DescMethodServerStreaming,
  type DescService,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { Code, type ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { Metadata, type ServiceError } from "@grpc/grpc-js";
import { describe, it } from "vitest";
import { LogPulseError } from "../domain/errors.ts";
import { type CallContext, type Send, serverStream } from "../ports/service-handlers.ts";
import { declareService } from "./rest/declared-service.fixture.ts";
import { grpcClient, pathOf, startTestServer, type TestServer, until, untouched } from "./server.fixture.ts";
import { openSocket } from "./wire.fixture.ts";

const service = declareService([
  {
    name: "Follow",
    serverStreaming: true,
    rule: { get: "/follow", additionalBindings: [{ post: "/follow", body: "*" }] },
  },
]);
const follow = service.methods[0] as DescMethodServerStreaming;

type Thing = MessageShape<typeof follow.input> & { text: string; count: number };
/** Fields of a Thing, which is declared in this test: nothing is known of them at compile time. */
type Fields = Record<string, unknown>;
type Handle = (request: Thing, send: Send<typeof follow.output>, context: CallContext) => Promise<void>;

const start = (handle: Handle, settings: Parameters<typeof startTestServer>[0] = {}): Promise<TestServer> => {
  const handler = serverStream<typeof follow.input, typeof follow.output>((request, send, context) =>
    handle(request as Thing, send, context),
  );
  return startTestServer({ services: [{ service, methods: [{ method: follow, handler }] }], ...settings });
};

/** Sends the request's text as often as it counts. */
const repeat: Handle = async ({ text, count }, send) => {
  for (let number = 1; number <= count; number += 1) await send({ text, count: number });
};

/** One stream, by each protocol that can have it: the texts that came, and the error that ended them. */
type Follow = (address: string, request: Fields, signal?: AbortSignal) => AsyncIterable<string>;

function byConnect(
  makeTransport: typeof createConnectTransport | typeof createGrpcWebTransport,
  binary: boolean,
): Follow {
  return async function* (address, request, signal) {
    const transport = makeTransport({ baseUrl: `http://${address}`, httpVersion: "1.1", useBinaryFormat: binary });
    const client = createClient(service as DescService & { method: { follow: typeof follow } }, transport);
    for await (const answer of client.follow(request, { signal })) yield (answer as Thing).text;
  };
}

const byGrpc: Follow = async function* (address, request, signal) {
  const bytes = Buffer.from(toBinary(follow.input, create(follow.input, request)));
  const call = grpcClient(address).makeServerStreamRequest(pathOf(follow), untouched, untouched, bytes, new Metadata());
  signal?.addEventListener("abort", () => call.cancel());
  for await (const answer of call) yield (fromBinary(follow.output, answer as Buffer) as Thing).text;
};

const byRest: Follow = async function* (address, { text, count }, signal = new AbortController().signal) {
  const answer = await fetch(`http://${address}/follow?text=${text}&count=${count}`, { signal });
  if (answer.status !== 200) throw Object.assign(new Error(), (await answer.json()) as ConnectError);
  let rest = "";
  for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
    const lines = `${rest}${piece}`.split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const message = JSON.parse(line) as { text: string; error?: object };
      if (message.error) throw Object.assign(new Error(), message.error);
      yield message.text;
    }
  }
};

const PROTOCOLS: [string, Follow][] = [
  ["gRPC", byGrpc],
  ["Connect", byConnect(createConnectTransport, true)],
  ["Connect JSON", byConnect(createConnectTransport, false)],
  ["gRPC-Web", byConnect(createGrpcWebTransport, true)],
  ["REST", byRest],
];

describe.each(PROTOCOLS)("a stream of answers by %s", (_name, followBy) => {
  const textsOf = async (address: string, request: Fields) => {
    const texts: string[] = [];
    for await (const text of followBy(address, request)) texts.push(text);
    return texts;
  };

  it("has all messages in order, and none where there are none", async () => {
    const { address, server } = await start(repeat);
    assert.deepEqual(
      await textsOf(address, { text: "é", count: 500 }),
      Array.from({ length: 500 }, () => "é"),
    );
    assert.deepEqual(await textsOf(address, { text: "a", count: 0 }), []);
    await until(() => server.callsInFlight === 0 && server.receivedBytes === 0);
  });

  it("tells an error before the first message, and one behind it", async () => {
    const { address } = await start(async (request, send) => {
      await repeat(request, send, {} as CallContext);
      throw new LogPulseError("store_unavailable", "the store is away");
    });
    for (const count of [0, 2]) {
      const texts: string[] = [];
      const failure = (async () => {
        for await (const text of followBy(address, { text: "a", count })) texts.push(text);
      })();
      await assert.rejects(failure, (reason: ServiceError | ConnectError) => {
        assert.match(reason.message, /the store is away/);
        return Number(reason.code) === Code.Unavailable;
      });
      assert.equal(texts.length, count);
    }
  });

  it("says nothing of a fault of ours, which the log gets once", async () => {
    const { address, logged } = await start(async (_, send) => {
      await send({});
      throw new TypeError("secret");
    });
    await assert.rejects(textsOf(address, { text: "a", count: 1 }), (reason: Error) => !/secret/.test(reason.message));
    assert.equal(logged.filter(({ level }) => level === "error").length, 1);
  });

  it("ends its handler when the client goes", async () => {
    const ends: string[] = [];
    const { address, server } = await start(async ({ text }, send, { signal }) => {
      try {
        for (;;) {
          await send({ text });
          await sleep(1);
        }
      } finally {
        ends.push((signal.reason as LogPulseError).kind);
      }
    });
    const leave = new AbortController();
    const following = (async () => {
      for await (const text of followBy(address, { text: "a", count: 1 }, leave.signal))
        if (text === "a") leave.abort();
    })();
    await assert.rejects(following);
    await until(() => server.callsInFlight === 0);
    assert.deepEqual(ends, ["cancelled"]);
  });
});

describe("a stream of answers whose client does not read", () => {
  it.each([
    ["REST", (path: string) => `GET /follow?text=a HTTP/1.1\r\nhost: localhost\r\n\r\n${path.slice(0, 0)}`],
    [
      "Connect",
      (path: string) =>
        `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/connect+json\r\ncontent-length: 7\r\n\r\n\0\0\0\0\u0002{}`,
    ],
  ])("%s: the handler waits, then the connection is cut off", async (_name, request) => {
    let sentCount = 0;
    let end: unknown;
    const handle: Handle = async (_, send) => {
      try {
        for (;;) {
          await send({ text: "a".repeat(100_000) });
          sentCount += 1;
        }
      } catch (reason) {
        end = reason;
        throw reason;
      }
    };
    const { port, server } = await start(handle, { limits: { streamIdleMsMax: 400 } });
    const { socket } = openSocket(port);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.pause();
    socket.write(request(pathOf(follow)));
    await until(() => sentCount > 0);
    await sleep(200);
    const stalledAt = sentCount;
    await sleep(100);
    assert.equal(sentCount, stalledAt, "the handler goes no faster than the client reads");
    await until(() => end !== undefined && server.callsInFlight === 0);
    assert.deepEqual([(end as LogPulseError).kind, sentCount], ["deadline_exceeded", stalledAt]);
    socket.resume();
    await closed;
  });
});

describe("a stream of answers by REST", () => {
  it("is lines of JSON with every field, or events for those who ask", async () => {
    const { address } = await start(repeat);
    const lines = await fetch(`http://${address}/follow?text=a&count=2`);
    assert.equal(lines.headers.get("content-type"), "application/x-ndjson");
    assert.equal(lines.headers.get("x-content-type-options"), "nosniff");
    const [first] = (await lines.text()).split("\n");
    assert.deepEqual((JSON.parse(first!) as Thing).count, 1);
    assert.equal((JSON.parse(first!) as { isOn: boolean }).isOn, false);
    const headers = { accept: "text/event-stream", "content-type": "application/json" };
    const events = await fetch(`http://${address}/follow`, { method: "POST", headers, body: '{"text":"b","count":2}' });
    assert.equal(events.headers.get("content-type"), "text/event-stream");
    assert.equal(events.headers.get("cache-control"), "no-store");
    assert.match(
      await events.text(),
      /^:\n\ndata: \{"text":"b","count":1,.*\}\n\ndata: \{"text":"b","count":2,.*\}\n\n$/,
    );
  });

  it("opens before its first message, and lives by comments", async () => {
    const gate = Promise.withResolvers<void>();
    const limits = { restStreamOpenMsMax: 20, sseHeartbeatMs: 20 };
    const handle: Handle = async (_, send) => {
      await gate.promise;
      await send({ text: "late" });
    };
    const { address } = await start(handle, { limits });
    const answer = await fetch(`http://${address}/follow`, { headers: { accept: "text/event-stream" } });
    assert.equal(answer.status, 200);
    await sleep(200);
    gate.resolve();
    const text = await answer.text();
    assert.match(text, /^(:\n\n){5,}data: \{"text":"late".*\}\n\n$/);
    const quiet = await fetch(`http://${address}/follow?text=a`);
    assert.equal((await quiet.text()).split("\n").length, 2); // Lines have no comments.
  });

  it("leaves no timer behind, however it ends", async () => {
    const limits = { sseHeartbeatMs: 1_000_000, restStreamOpenMsMax: 1_000_000, streamIdleMsMax: 500 };
    const { address, server, port } = await start(
      async ({ text }, send, { signal }) => {
        if (text === "early") throw new LogPulseError("not_found", "nothing");
        await send({ text });
        if (text === "late") throw new LogPulseError("not_found", "nothing more");
        if (text === "left") await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
      { limits },
    );
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const headers = { accept: "text/event-stream", connection: "close" };
    const before = timers();
    for (let times = 0; times < 10; times += 1) {
      for (const text of ["early", "late", "well"])
        await (await fetch(`http://${address}/follow?text=${text}`, { headers })).text();
      const { socket, text } = openSocket(port);
      socket.write("GET /follow?text=left HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n");
      await until(() => text().includes("data:"));
      socket.destroy();
    }
    await until(() => server.callsInFlight === 0);
    await until(() => timers() <= before + 5); // The client has some of its own.
  });

  it("ends with an event of its own where it fails", async () => {
    const { address } = await start(async (_, send) => {
      await send({ text: "a" });
      throw new LogPulseError("overloaded", "too much", { retryAfterMs: 1_500 });
    });
    const answer = await fetch(`http://${address}/follow`, { headers: { accept: "text/event-stream" } });
    const [, status] = /\nevent: error\ndata: (.*)\n\n$/.exec(await answer.text()) ?? [];
    assert.match(status ?? "", /^\{"code":14,"message":"too much","details":\[.*RetryInfo.*\]\}$/);
  });

  it("is refused as any other call is", async () => {
    const { address } = await start(repeat);
    const answer = await fetch(`http://${address}/follow?count=x`, { headers: { accept: "text/event-stream" } });
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [400, "application/json"]);
    assert.equal((await fetch(`http://${address}/follow`, { method: "PUT" })).status, 405);
    assert.equal((await fetch(`http://${address}/follow`, { method: "POST", body: "{" })).status, 400);
  });

  it("ends at the client's deadline, but not at that for single answers", async () => {
    const handle: Handle = async (_, send, { signal }) => {
      for (;;) {
        await send({});
        await sleep(20, undefined, { signal });
      }
    };
    const { address } = await start(handle, { limits: { restAnswerMsMax: 50 } });
    const began = performance.now();
    const answer = await fetch(`http://${address}/follow`, { headers: { "grpc-timeout": "300m" } });
    assert.match(await answer.text(), /\n\{"error":\{"code":4,.*the deadline of the call has passed.*\}\}\n$/);
    assert.ok(performance.now() - began >= 290);
  });

  it("hears of a stop, and ends in order", async () => {
    const handle: Handle = async (_, send, { stopping }) => {
      await send({ text: "begun" });
      await new Promise((resolve) => stopping.addEventListener("abort", resolve));
      await send({ text: "over" });
    };
    const { address, server } = await start(handle, { drainMsMax: 10_000 });
    const answer = await fetch(`http://${address}/follow`);
    const stopped = server.stop();
    assert.match(await answer.text(), /"begun".*\n.*"over".*\n$/);
    await stopped;
  });
});
