import { request as httpRequest } from "node:http";
import { connect } from "node:http2";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { QueryService } from "../gen/logpulse/v1/query_service_pb.ts";
import { haveServers } from "../stack/have-servers.ts";
import { GrpcClient } from "./testing/grpc-client.ts";
import { openDoor, type TestDoor } from "./testing/test-door.ts";

describe.skipIf(!haveServers("envoy"))("the door towards strangers", () => {
  let door: TestDoor;
  let client: GrpcClient;
  beforeAll(async () => {
    door = await openDoor();
    client = new GrpcClient(door.envoy.port);
  });
  afterAll(async () => {
    client?.close();
    await door?.close();
  });
  beforeEach(() => door.reset());

  /** The value that a header has when a call arrives at the query stub, for each way in. */
  async function arriving(name: string, sent: Record<string, string>): Promise<(string | undefined)[]> {
    const heard: (string | undefined)[] = [];
    door.query.answer(QueryService.method.ping, async (call) => {
      heard.push(call.header(name));
      return {};
    });
    await door.rest("GET", "/ping", undefined, sent);
    await client.call(QueryService.method.ping, {}, sent);
    await door.rest("POST", "/logpulse.v1.QueryService/Ping", {}, { "content-type": "application/json", ...sent });
    expect(heard).toHaveLength(3);
    return heard;
  }

  it("x-envoy-external-address is the caller's address, on loopback too, whatever the caller says", async () => {
    const spoofed = { "x-envoy-external-address": "203.0.113.7", "x-envoy-internal": "true" };
    const attempts: Record<string, string>[] = [
      {},
      spoofed,
      { "x-forwarded-for": "203.0.113.7" },
      { "x-forwarded-for": "10.0.0.1, 203.0.113.7" },
    ];
    for (const headers of attempts) {
      expect(await arriving("x-envoy-external-address", headers)).toEqual(Array(3).fill("127.0.0.1"));
    }
    expect(await arriving("x-envoy-internal", spoofed)).toEqual(Array(3).fill(undefined));
  });

  it("x-envoy-original-path cannot be sent: it tells transcoded calls from others", async () => {
    const spoofed = { "x-envoy-original-path": "/logs", "x-envoy-original-method": "PUT" };
    expect(await arriving("x-envoy-original-path", spoofed)).toEqual(["/ping", undefined, undefined]);
  });

  it("headers with underscores are dropped, so that none passes for its twin with hyphens; the call is served", async () => {
    expect(await arriving("x_envoy_external_address", { x_envoy_external_address: "203.0.113.7" })).toEqual(
      Array(3).fill(undefined),
    );
    expect(await arriving("x-tenant", { "x-tenant": "t" })).toEqual(["t", "t", "t"]);
    expect(await door.stat("http1.dropped_headers_with_underscores")).toBeGreaterThan(0);
  });

  it("a page of another site, or one by a foreign name of this machine, is refused", async () => {
    const ask = (headers: Record<string, string>) =>
      new Promise<number>((resolve, reject) => {
        httpRequest(`${door.envoy.url}/ping`, { headers }, (response) => {
          resolve(response.resume().statusCode!);
        })
          .on("error", reject)
          .end();
      });
    const refused = ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example"];
    for (const host of refused) {
      expect([host, await ask({ host })]).toEqual([host, 403]);
      expect([host, await ask({ origin: `http://${host}` })]).toEqual([host, 403]);
    }
    expect(await ask({ origin: "null" })).toBe(403);
    for (const host of ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:8080", "10.1.2.3:8080", "envoy:8080"]) {
      expect([host, await ask({ host })]).toEqual([host, 200]);
    }
    for (const origin of [door.envoy.url, "http://localhost:8080", "https://[::1]"]) {
      expect([origin, await ask({ origin })]).toEqual([origin, 200]);
    }
    const { body } = await door.rest("POST", "/logs", {}, { origin: "https://evil.example" });
    expect(body).toMatchObject({ code: 7, details: [{ reason: "NOT_PERMITTED" }] });
    expect(door.calls.filter((call) => call === "WriteLog")).toEqual([]);
  });

  /** What came of a gRPC call by HTTP/1.1, which is what a page could make of one: Envoy says it as gRPC does. */
  function grpcByHttp1(path: string, headers: Record<string, string>): Promise<string> {
    const sent = { "content-type": "application/grpc", ...headers };
    return new Promise((resolve, reject) => {
      httpRequest(`${door.envoy.url}${path}`, { method: "POST", headers: sent }, (response) => {
        const { "grpc-status": status, "grpc-message": message } = response.resume().headers;
        resolve(`${response.statusCode} ${status} ${message}`);
      })
        .on("error", reject)
        .end(Buffer.alloc(5));
    });
  }

  it.each(["IngestService/Write", "QueryService/Ping", "StatsService/GetStats", "Unknown/Method"])(
    "a page's application/grpc to %s reaches nobody: Origin and Host are looked at before gRPC is",
    async (method) => {
      const path = `/logpulse.v1.${method}`;
      const host = "evil.example";
      const origin = `http://${host}`;
      expect(await grpcByHttp1(path, { host, origin })).toMatch(/^200 7 Origin is not/);
      expect(await grpcByHttp1(path, { host, origin, te: "trailers" })).toMatch(/^200 7 Origin is not/);
      expect(await grpcByHttp1(path, { origin })).toMatch(/^200 7 Origin is not/);
      expect(await grpcByHttp1(path, { host })).toMatch(/^200 7 Host is not/);
      expect(await grpcByHttp1(path, { host, te: "gzip" })).toMatch(/^200 7 Host is not/);
      expect(await grpcByHttp1(path, {})).toMatch(/^200 13 a gRPC call has the header te/);
      expect(door.calls).toEqual([]);
    },
  );

  it("gRPC clients are served by whatever name they know this machine", async () => {
    for (const authority of ["logs.example", "logs.example:8080", "evil.example", "localhost", "10.1.2.3:8080"]) {
      const named = new GrpcClient(door.envoy.port, authority);
      try {
        for (const method of [IngestService.method.write, QueryService.method.ping]) {
          expect([authority, (await named.call(method, {})).status.code]).toEqual([authority, 0]);
        }
      } finally {
        named.close();
      }
    }
    expect(door.calls).toHaveLength(10);
  });

  it("too many or too long headers are 431, as JSON", async () => {
    const long = await door.rest("GET", "/ping", undefined, { "x-long": "x".repeat(40 * 1024) });
    expect(long).toMatchObject({ status: 431, body: { code: 3 } });
    expect((await door.rest("GET", `/logs?path=${"x".repeat(8191)}`)).status).toBe(200); // The longest value we know.
  });

  it("streams of one connection are bounded, and a connection that only resets them is closed", async () => {
    const session = connect(door.envoy.url);
    const closed = new Promise((resolve) => session.once("close", resolve));
    session.on("error", () => undefined);
    await new Promise<void>((resolve) => session.once("remoteSettings", () => resolve()));
    expect(session.remoteSettings).toMatchObject({ maxConcurrentStreams: 100, initialWindowSize: 256 * 1024 });
    let opened = 0;
    for (; opened < 5_000 && !session.closed && !session.destroyed; opened++) {
      const stream = session.request({
        ":method": "POST",
        ":path": "/logpulse.v1.IngestService/Upload",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("error", () => undefined);
      stream.close(8); // CANCEL
      if (opened % 100 === 99) await new Promise(setImmediate);
    }
    await closed;
    expect(await door.stat("http.door.downstream_rq_too_many_premature_resets")).toBeGreaterThan(0);
    expect((await client.call(IngestService.method.write, {})).status.code).toBe(0);
  });

  it("listener and admin are on loopback only", async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const other = addresses.find(({ internal, family }) => !internal && family === "IPv4")?.address;
    if (other === undefined) return; // A machine without network has nothing else to try.
    for (const { port } of [new URL(door.envoy.url), new URL(door.envoy.adminUrl)]) {
      await expect(fetch(`http://${other}:${port}/healthz`)).rejects.toThrow();
    }
  });

  it("writes one line of JSON for each call, with the path as it was sent and the status of gRPC", async () => {
    await door.rest("GET", "/logs/unknown?x=%22%0a", undefined, { "user-agent": 'quote " and tab' });
    await client.call(QueryService.method.listLogs, {});
    const [refused] = await door.accessLog("/logs/unknown?x=%22%0a");
    expect(refused).toMatchObject({ method: "GET", status: 400, client: "127.0.0.1", user_agent: 'quote " and tab' });
    expect(refused!.details).toContain("grpc_json_transcode");
    const [native] = await door.accessLog("/logpulse.v1.QueryService/ListLogs");
    expect(native).toMatchObject({
      status: 200,
      grpc_status: "OK",
      protocol: "HTTP/2",
      route: "grpc_query",
      attempts: 1,
    });
    expect(await door.accessLog("/readyz")).toEqual([]);
  });
});
