import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { describe, expect, it } from "vitest";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { startTestServer } from "../services/runtime/server.fixture.ts";
import { haveServers } from "../stack/have-servers.ts";
import { waitUntil } from "../stack/wait.ts";
import type { EnvoyConfigTree } from "./testing/config-parts.ts";
import { GrpcClient } from "./testing/grpc-client.ts";
import { openDoor } from "./testing/test-door.ts";

describe.skipIf(!haveServers("envoy"))("health of a real server behind Envoy", () => {
  const { method, typeName } = IngestService;

  it("is the same for gRPC and the HTTP/1.1 side: by what its services need, not by all that is away", async () => {
    let logAway = false;
    const checks = [
      {
        name: "event log",
        services: [typeName],
        check: async () => {
          if (logAway) throw new Error("away");
        },
      },
      { name: "search", services: [], check: () => Promise.reject(new Error("away")) },
    ];
    const { address, port } = await startTestServer({ checks, limits: { healthRefreshMs: 200 } });
    const door = await openDoor({ change: (config) => placeIngestAt(config, port) });
    const client = new GrpcClient(door.envoy.port);
    const connect = createClient(
      IngestService,
      createConnectTransport({ baseUrl: door.envoy.url, httpVersion: "1.1" }),
    );
    const healthy = async () => [await door.healthyHosts("ingest"), await door.healthyHosts("ingest_h1")].join();
    try {
      expect((await fetch(`http://${address}/readyz`)).status).toBe(503);
      expect(await waitUntil(async () => (await healthy()) === "1,1", 5_000)).toBe(true);
      expect((await client.call(method.write, {})).status.code).toBe(0);
      await connect.write({});
      logAway = true;
      expect(await waitUntil(async () => (await healthy()) === "0,0", 10_000)).toBe(true);
      await expect(connect.write({})).rejects.toThrow("unavailable");
      logAway = false;
      expect(await waitUntil(async () => (await healthy()) === "1,1", 10_000)).toBe(true);
      await connect.write({});
    } finally {
      client.close();
      await door.close();
    }
  });
});

/** Both clusters of ingest have this one replica. */
function placeIngestAt(config: EnvoyConfigTree, port: number): void {
  const address = { socket_address: { address: "127.0.0.1", port_value: port } };
  for (const cluster of config.static_resources.clusters) {
    if (!cluster.name.startsWith("ingest")) continue;
    cluster.load_assignment = {
      cluster_name: cluster.name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    };
  }
}
