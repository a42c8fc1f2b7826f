import assert from "node:assert/strict";
import { once } from "node:events";
import { Metadata } from "@grpc/grpc-js";
import { describe, it, vi } from "vitest";
import { IngestService } from "../../gen/logpulse/v1/ingest_service_pb.ts";
import {
  STREAMS_MAX,
  STREAMS_PER_CONNECTION_MAX,
  STREAMS_PER_CONNECTION_MIN,
  STREAMS_PER_PROXY_CONNECTION,
  UNSHARED_CONNECTIONS_MAX,
} from "../domain/limits.ts";
import { unaryBytes } from "../ports/service-handlers.ts";
import { callUnary, grpcClient, pathOf, startTestServer, until, untouched } from "./server.fixture.ts";
import { grpcFrame, openHttp2 } from "./wire.fixture.ts";

const { stream, upload, write } = IngestService.method;

async function connected(address: string, from?: string) {
  const { session, request } = openHttp2(address, from);
  await once(session, "remoteSettings");
  return { session, request, told: () => session.remoteSettings.maxConcurrentStreams };
}

describe("the calls that a connection may have open", () => {
  it("are fewer the more connections there are, and more again when some go", async () => {
    const { address } = await startTestServer();
    const first = await connected(address);
    await until(() => first.told() === STREAMS_PER_CONNECTION_MAX);
    const others = await Promise.all(Array.from({ length: 31 }, () => connected(address)));
    await until(() => [first, ...others].every(({ told }) => told() === STREAMS_MAX / 32));
    for (const { session } of others) session.destroy();
    await until(() => first.told() === STREAMS_PER_CONNECTION_MAX);
  });

  it("are never fewer than the least, however many connections there are", async () => {
    const { address } = await startTestServer();
    const many = Math.ceil(STREAMS_MAX / STREAMS_PER_CONNECTION_MIN) + 20;
    const all = await Promise.all(Array.from({ length: many }, () => connected(address)));
    await until(() => all.every(({ told }) => told() === STREAMS_PER_CONNECTION_MIN));
  });

  it("are always the same for a proxy that is trusted, which takes nothing from the others", async () => {
    const { address } = await startTestServer({ trustedProxies: ["127.0.0.2"] });
    const client = await connected(address);
    const toldProxies: (number | undefined)[] = []; // After the first.
    const proxies = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const proxy = await connected(address, "127.0.0.2");
        await until(() => proxy.told() === STREAMS_PER_PROXY_CONNECTION);
        proxy.session.on("remoteSettings", () => toldProxies.push(proxy.told()));
        return proxy;
      }),
    );
    const others = await Promise.all(Array.from({ length: 63 }, () => connected(address)));
    await until(() => [client, ...others].every(({ told }) => told() === STREAMS_MAX / 64));
    for (const { session } of [...others, ...proxies.slice(1)]) session.destroy();
    await until(() => client.told() === STREAMS_PER_CONNECTION_MAX);
    assert.deepEqual(toldProxies, []);
    assert.equal(proxies[0]!.told(), STREAMS_PER_PROXY_CONNECTION);
  });

  it("are shared with everybody by a proxy that has more than forty connections", async () => {
    const { address } = await startTestServer({ trustedProxies: ["127.0.0.1"] });
    const all = await Promise.all(Array.from({ length: UNSHARED_CONNECTIONS_MAX + 32 }, () => connected(address)));
    const toldAs = (number: number) => all.filter(({ told }) => told() === number).length;
    await until(
      () => toldAs(STREAMS_PER_PROXY_CONNECTION) === UNSHARED_CONNECTIONS_MAX && toldAs(STREAMS_MAX / 32) === 32,
    );
  });

  it("are a proxy's own again for its next connection, where one of the forty has gone", async () => {
    const { address } = await startTestServer({ trustedProxies: ["127.0.0.1"] });
    const all = await Promise.all(Array.from({ length: UNSHARED_CONNECTIONS_MAX }, () => connected(address)));
    await until(() => all.every(({ told }) => told() === STREAMS_PER_PROXY_CONNECTION));
    const beyond = await connected(address);
    await until(() => beyond.told() === STREAMS_PER_CONNECTION_MAX);
    all[0]!.session.destroy();
    const nextHasItsOwn = async () => {
      const next = await connected(address);
      const own = until(() => next.told() === STREAMS_PER_PROXY_CONNECTION, 500);
      return own
        .then(() => true)
        .catch(() => false)
        .finally(() => next.session.destroy());
    };
    // The server hears of each end a moment later.
    await vi.waitFor(async () => assert.ok(await nextHasItsOwn()), 10_000);
    assert.equal(beyond.told(), STREAMS_PER_CONNECTION_MAX);
  });

  it("may be more than its share for a while where the share shrinks: none of them is refused, and all are answered", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { address, server } = await startTestServer({
      ingest: {
        write: unaryBytes(async (bytes) => {
          await held;
          return { accepted: bytes.length };
        }),
      },
    });
    const client = grpcClient(address);
    const calls = Array.from({ length: 500 }, () => callUnary(client, write, Buffer.from("a")));
    await until(() => server.callsInFlight === 500);
    const others = await Promise.all(Array.from({ length: 31 }, () => connected(address)));
    await until(() => others.every(({ told }) => told() === STREAMS_MAX / 32));
    const later = Array.from({ length: 50 }, () => callUnary(client, write, Buffer.from("a")));
    release();
    const answers = await Promise.all([...calls, ...later]);
    assert.deepEqual(new Set(answers.map(({ accepted }) => accepted)), new Set([1]));
  });

  it("do not count those that go on: beside each of them as many others are free", async () => {
    const { address, server } = await startTestServer();
    const { told, session } = await connected(address);
    await until(() => told() === STREAMS_PER_CONNECTION_MAX);
    const usual = { ":method": "POST", "content-type": "application/grpc", te: "trailers" };
    const open = [stream, stream, upload, upload, upload].map((method) => {
      const long = session.request({ ...usual, ":path": pathOf(method) });
      long.on("error", () => undefined).write(grpcFrame(Buffer.from("a")));
      return long;
    });
    await until(() => server.callsInFlight === 5 && told() === STREAMS_PER_CONNECTION_MAX + 5);
    open[0]!.close();
    await until(() => told() === STREAMS_PER_CONNECTION_MAX + 4);
    for (const long of open) long.close();
    await until(() => told() === STREAMS_PER_CONNECTION_MAX);
  });

  it("are held back by a client beyond its share, and all are answered", async () => {
    const { address } = await startTestServer();
    const all = await Promise.all(
      Array.from({ length: STREAMS_MAX / STREAMS_PER_CONNECTION_MIN }, () => connected(address)),
    );
    await until(() => all.every(({ told }) => told() === STREAMS_PER_CONNECTION_MIN));
    const client = grpcClient(address, { "grpc.use_local_subchannel_pool": 1 });
    const calls = Array.from(
      { length: 10 * STREAMS_PER_CONNECTION_MIN },
      () =>
        new Promise<boolean>((resolve) =>
          client.makeUnaryRequest(pathOf(write), untouched, untouched, Buffer.from("a"), new Metadata(), (error) =>
            resolve(error === null),
          ),
        ),
    );
    assert.deepEqual(new Set(await Promise.all(calls)), new Set([true]));
  });
});
