import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { AdminService } from "../gen/logpulse/v1/admin_service_pb.ts";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { QueryService } from "../gen/logpulse/v1/query_service_pb.ts";
import { StatsService } from "../gen/logpulse/v1/stats_service_pb.ts";
import { haveServers } from "../stack/have-servers.ts";
import { failing, rateLimited } from "./testing/answers.ts";
import { GrpcClient } from "./testing/grpc-client.ts";
import { countMessages } from "./testing/stub-call.ts";
import { openDoor, type TestDoor } from "./testing/test-door.ts";

describe.skipIf(!haveServers("envoy"))("every protocol through one door", () => {
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

  it("native gRPC goes to each service's own replicas, by HTTP/2", async () => {
    await client.call(IngestService.method.write, {});
    await client.call(QueryService.method.ping, {});
    await client.call(StatsService.method.getStats, {});
    await client.call(AdminService.method.listDeadLetters, {});
    expect(door.ingest.flatMap(({ calls }) => calls)).toEqual(["Write"]);
    expect(door.query.calls).toEqual(["Ping"]);
    expect(door.stats.calls).toEqual(["GetStats"]);
    expect(door.worker.calls).toEqual(["ListDeadLetters"]);
  });

  it("a refusal reaches gRPC with message, details and retry-after as they were sent", async () => {
    for (const stub of door.ingest) stub.answer(IngestService.method.write, failing(rateLimited()));
    const { status } = await client.call(IngestService.method.write, {});
    expect([status.code, status.details]).toEqual([Code.ResourceExhausted, "slow down: 5 % over"]);
    expect(status.metadata.get("retry-after")).toEqual(["7"]);
    const [details] = status.metadata.get("grpc-status-details-bin") as Buffer[];
    for (const text of ["RATE_LIMITED", "google.rpc.RetryInfo", "google.rpc.QuotaFailure"])
      expect(details!.includes(text)).toBe(true);
  });

  it("the same refusal reaches REST as 429 with Retry-After and the details as JSON, from every kind of route", async () => {
    for (const stub of door.stubs) {
      for (const method of [IngestService.method.writeLog, IngestService.method.upload, QueryService.method.ping]) {
        stub.answer(method, failing(rateLimited()));
      }
    }
    const answers = [
      await door.rest("POST", "/logs", {}),
      await door.rest("POST", "/v1/logs:upload", [{}]),
      await door.rest("GET", "/ping"),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(429);
      expect(answer.headers.get("retry-after")).toBe("7");
      expect(answer.headers.get("content-type")).toBe("application/json");
      const type = "type.googleapis.com/google.rpc";
      expect(answer.body).toEqual({
        code: 8,
        message: "slow down: 5 % over",
        details: [
          { "@type": `${type}.ErrorInfo`, reason: "RATE_LIMITED", domain: "logpulse", metadata: { limit: "100" } },
          { "@type": `${type}.RetryInfo`, retryDelay: "7s" },
          { "@type": `${type}.QuotaFailure`, violations: [expect.objectContaining({ subject: "client:127.0.0.1" })] },
        ],
      });
    }
  });

  it.each([
    [Code.InvalidArgument, 400],
    [Code.NotFound, 404],
    [Code.AlreadyExists, 409],
    [Code.PermissionDenied, 403],
    [Code.Unauthenticated, 401],
    [Code.Unimplemented, 501],
    [Code.Internal, 500],
    [Code.Unavailable, 503],
    [Code.DeadlineExceeded, 504],
    [Code.FailedPrecondition, 400],
  ])("gRPC status %i is HTTP %i as JSON, text of any language intact", async (code, httpStatus) => {
    door.query.answer(QueryService.method.getLog, failing(new ConnectError('não "há" 100 % 日本', code)));
    const answer = await door.rest("GET", "/v1/logs/1");
    expect([answer.status, answer.body]).toEqual([httpStatus, { code, message: 'não "há" 100 % 日本', details: [] }]);
  });

  const browsers = {
    Connect: () => createConnectTransport({ baseUrl: door.envoy.url, httpVersion: "1.1" }),
    "Connect with JSON": () =>
      createConnectTransport({ baseUrl: door.envoy.url, httpVersion: "1.1", useBinaryFormat: false }),
    "gRPC-Web": () => createGrpcWebTransport({ baseUrl: door.envoy.url, httpVersion: "1.1" }),
  };
  describe.each(Object.keys(browsers) as (keyof typeof browsers)[])("%s", (name) => {
    it("calls a method of each service, on the HTTP/1.1 side", async () => {
      door.query.answer(QueryService.method.ping, async (call) => ({ message: call.protocol }));
      const transport = browsers[name]();
      expect((await createClient(QueryService, transport).ping({})).message).toBe("http1");
      await createClient(IngestService, transport).write({});
      await createClient(StatsService, transport).getStats({});
      await createClient(AdminService, transport).listDeadLetters({});
      expect(door.stubs.flatMap(({ calls }) => calls).sort()).toEqual(["GetStats", "ListDeadLetters", "Ping", "Write"]);
    });

    it("gets errors with their details", async () => {
      door.query.answer(QueryService.method.ping, failing(rateLimited()));
      const reason = await createClient(QueryService, browsers[name]()).ping({}).catch(ConnectError.from);
      const error = reason as ConnectError;
      expect([error.code, error.rawMessage]).toEqual([Code.ResourceExhausted, "slow down: 5 % over"]);
      expect(error.findDetails(RetryInfoSchema)[0]!.retryDelay!.seconds).toBe(7n);
      expect(error.metadata.get("retry-after")).toBe("7");
      expect(door.query.calls).toEqual(["Ping"]);
    });

    it("streams an upload", async () => {
      for (const stub of door.ingest) {
        stub.answer(IngestService.method.upload, async (call) => ({ batches: BigInt(await countMessages(call)) }));
      }
      const answer = await createClient(IngestService, browsers[name]()).upload(batches(3));
      expect(answer.batches).toBe(3n);
    });
  });

  it("reflection and health are answered by ingest, and unknown gRPC methods by UNIMPLEMENTED", async () => {
    const answer = await fetchGrpc("/grpc.health.v1.Health/Check");
    expect(answer).toBe("0");
    expect(await fetchGrpc("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")).toBe("12"); // The stub has none.
    expect(await fetchGrpc("/nobody.v1.Service/Method")).toBe("12");
    expect(await fetchGrpc("/logpulse.v1.IngestService/Nothing")).toBe("12");
  });

  /** Calls a gRPC method with an empty message, as any HTTP/2 client could; its grpc-status. */
  async function fetchGrpc(path: string): Promise<string> {
    const { connect } = await import("node:http2");
    const session = connect(door.envoy.url);
    try {
      return await new Promise<string>((resolve, reject) => {
        const request = session.request({
          ":method": "POST",
          ":path": path,
          "content-type": "application/grpc",
          te: "trailers",
        });
        const take = (headers: Record<string, unknown>) =>
          headers["grpc-status"] !== undefined && resolve(String(headers["grpc-status"]));
        request.on("response", take).on("trailers", take).on("error", reject).resume();
        request.end(Buffer.alloc(5));
      });
    } finally {
      session.close();
    }
  }

  async function* batches(count: number) {
    for (let n = 0; n < count; n++) yield { firstSeq: BigInt(n) };
  }
});
