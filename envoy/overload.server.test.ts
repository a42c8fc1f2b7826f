import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../gen/google/rpc/status_pb.ts";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { haveServers } from "../stack/have-servers.ts";
import { waitUntil } from "../stack/wait.ts";
import type { EnvoyConfigTree } from "./testing/config-parts.ts";
import { GrpcClient, type GrpcOutcome } from "./testing/grpc-client.ts";
import { openDoor, type TestDoor } from "./testing/test-door.ts";

const HTTP2 = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const CONNECTIONS_PER_REPLICA_MAX = 4;
const CALLS_PER_CONNECTION = 2;
const OK = 0;

/** More calls than the replicas take at once: what the door keeps waiting, and what it says to those that it refuses. */
describe.skipIf(!haveServers("envoy"))("the door under more calls than its replicas take", () => {
  const { write } = IngestService.method;
  let door: TestDoor;
  let client: GrpcClient;
  afterEach(async () => {
    client?.close();
    await door?.close();
  });

  async function openNarrowDoor(change: (ingest: Record<string, unknown>) => void): Promise<void> {
    door = await openDoor({ change: (config) => change(ingestOf(config)) });
    client = new GrpcClient(door.envoy.port);
  }

  /** From now on calls of ingest are answered once `release` is called. */
  function holdCalls(): { atOnce: () => number; release: () => void } {
    const released = Promise.withResolvers<void>();
    let atOnce = 0;
    for (const stub of door.ingest) {
      stub.answer(write, async () => {
        atOnce++;
        await released.promise;
        return {};
      });
    }
    return { atOnce: () => atOnce, release: released.resolve };
  }

  it("keeps to what each connection may have open, opens few of them, and loses no call that waits", async () => {
    await openNarrowDoor(({ typed_extension_protocol_options: options }) => {
      const { explicit_http_config } = (options as Http2Options)[HTTP2];
      explicit_http_config.http2_protocol_options.max_concurrent_streams = CALLS_PER_CONNECTION;
    });
    const { atOnce, release } = holdCalls();
    const calls = Array.from({ length: 200 }, () => client.call(write, {}));
    const isFull = async () => (await door.stat("cluster.ingest.upstream_rq_pending_active")) > 0 && atOnce() > 0;
    expect(await waitUntil(isFull, 10_000)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 500)); // For those that should not come any more.
    const connections = await door.stat("cluster.ingest.upstream_cx_active");
    const workerThreads = await door.stat("server.concurrency");
    const perReplica = CONNECTIONS_PER_REPLICA_MAX + workerThreads - 1; // A thread without one may open one.
    expect(connections).toBeLessThanOrEqual(perReplica * door.ingest.length);
    expect(atOnce()).toBeLessThanOrEqual(connections * CALLS_PER_CONNECTION);
    release();
    expect(new Set((await Promise.all(calls)).map(({ status }) => status.code))).toEqual(new Set([OK]));
    expect(atOnce()).toBe(200);
  });

  it("lets streams pass meanwhile, which go on for as long as they like", async () => {
    await openNarrowDoor(({ typed_extension_protocol_options: options }) => {
      const { explicit_http_config } = (options as Http2Options)[HTTP2];
      explicit_http_config.http2_protocol_options.max_concurrent_streams = CALLS_PER_CONNECTION;
    });
    const { release } = holdCalls();
    const calls = Array.from({ length: 100 }, () => client.call(write, {}));
    const isFull = async () => (await door.stat("cluster.ingest.upstream_rq_pending_active")) > 0;
    expect(await waitUntil(isFull, 10_000)).toBe(true);
    const stream = client.open(IngestService.method.upload);
    stream.end();
    expect((await stream.outcome).status.code).toBe(OK);
    release();
    await Promise.all(calls);
  });

  it("says when to come back where it keeps no more waiting, by gRPC and by REST", async () => {
    await openNarrowDoor((ingest) => {
      ingest.circuit_breakers = { thresholds: [{ max_requests: 3 }] };
    });
    const { atOnce, release } = holdCalls();
    const held = Array.from({ length: 3 }, () => client.call(write, {}));
    expect(await waitUntil(() => atOnce() === 3, 10_000)).toBe(true);
    const refused = await client.call(write, {});
    expect(refused.status).toMatchObject({ code: Code.Unavailable });
    expect(refused.status.metadata.get("retry-after")).toEqual(["1"]);
    expect(detailsOf(refused)).toEqual({ code: Code.Unavailable, reason: "OVERLOADED", waitSeconds: 1n });

    const byRest = await door.rest("POST", "/v1/logs:write", {});
    expect([byRest.status, byRest.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(byRest.body).toMatchObject({
      code: Code.Unavailable,
      details: [{ reason: "OVERLOADED" }, { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1s" }],
    });
    expect(await overflowsForPrometheus()).toEqual([0, 2]);
    release();
    await Promise.all(held);
  });

  /** What an alert asks of Envoy, by the names that stand there. */
  const overflowsForPrometheus = async () => {
    const rules = readFileSync(join(import.meta.dirname, "..", "docs", "prometheus-alerts.yml"), "utf8");
    const told = await (await fetch(`${door.envoy.adminUrl}/stats/prometheus`)).text();
    return rules.match(/envoy_\w+overflow/g)!.map((metric) => {
      const line = told.split("\n").find((text) => text.startsWith(`${metric}{envoy_cluster_name="ingest"}`));
      return Number(line?.split(" ")[1]);
    });
  };

  it("says when to come back where no replica serves", async () => {
    door = await openDoor();
    client = new GrpcClient(door.envoy.port);
    for (const stub of door.ingest) stub.setReady(false);
    expect(await waitUntil(async () => (await door.healthyHosts("ingest")) === 0, 10_000)).toBe(true);
    const { status } = await client.call(write, {});
    expect([status.code, status.details, status.metadata.get("retry-after")]).toEqual([
      Code.Unavailable,
      "no healthy upstream",
      ["1"],
    ]);
    expect(status.metadata.get("grpc-status-details-bin")).toEqual([]);
    const byRest = await door.rest("POST", "/v1/logs:write", {});
    expect([byRest.status, byRest.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});

type Http2Options = {
  [HTTP2]: { explicit_http_config: { http2_protocol_options: { max_concurrent_streams?: number } } };
};

function ingestOf(config: EnvoyConfigTree): Record<string, unknown> {
  return config.static_resources.clusters.find(({ name }) => name === "ingest")!;
}

function detailsOf({ status }: GrpcOutcome<typeof IngestService.method.write>) {
  const [bytes] = status.metadata.get("grpc-status-details-bin");
  const { code, details } = fromBinary(StatusSchema, bytes as Buffer);
  const reason = details.map((detail) => anyUnpack(detail, ErrorInfoSchema)?.reason).find(Boolean);
  const waitSeconds = details.map((detail) => anyUnpack(detail, RetryInfoSchema)?.retryDelay?.seconds).find(Boolean);
  return { code, reason, waitSeconds };
}
