import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import * as limits from "../services/domain/limits.ts";
import { renderEnvoy } from "./render.ts";
import { connectionManager, type EnvoyConfigTree, httpFilter, routesOf } from "./testing/config-parts.ts";

const ADDRESSES = {
  listenPort: 18080,
  adminPort: 19901,
  ingest: ["127.0.0.1:9001", "127.0.0.1:9002", "127.0.0.1:9003"],
  query: ["127.0.0.1:9004"],
  stats: ["127.0.0.1:9005"],
  worker: ["127.0.0.1:9006", "127.0.0.1:9007"],
  descriptorPath: "/somewhere/logpulse.binpb",
};
const original = parse(readFileSync(join(import.meta.dirname, "envoy.yaml"), "utf8")) as EnvoyConfigTree;
const rendered = parse(renderEnvoy(ADDRESSES)) as EnvoyConfigTree & { admin: unknown };

describe("renderEnvoy", () => {
  it("puts every cluster at its role's addresses", () => {
    const addresses = rendered.static_resources.clusters.map(({ name, type, load_assignment }) => {
      const ports = [...JSON.stringify(load_assignment).matchAll(/"127\.0\.0\.1","port_value":(\d+)/g)].map(
        ([, port]) => port,
      );
      return `${name} ${type} ${ports}`;
    });
    expect(addresses).toEqual([
      "ingest STATIC 9001,9002,9003",
      "ingest_streams STATIC 9001,9002,9003",
      "query STATIC 9004",
      "stats STATIC 9005",
      "worker STATIC 9006,9007",
      "ingest_h1 STATIC 9001,9002,9003",
      "query_h1 STATIC 9004",
      "stats_h1 STATIC 9005",
      "worker_h1 STATIC 9006,9007",
    ]);
  });

  it("listens on loopback only, admin as well", () => {
    const text = JSON.stringify(rendered);
    expect(rendered.admin).toEqual({ address: { socket_address: { address: "127.0.0.1", port_value: 19901 } } });
    expect(rendered.static_resources.listeners).toMatchObject([
      { address: { socket_address: { address: "127.0.0.1", port_value: 18080 } } },
    ]);
    expect(text).not.toContain("0.0.0.0");
  });

  it("changes nothing else", () => {
    const withoutPlaces = (config: EnvoyConfigTree) =>
      JSON.stringify(config, (key, value) => {
        if (key === "proto_descriptor") return "";
        if (["address", "endpoints", "type", "dns_lookup_family"].includes(key)) return undefined;
        return value;
      });
    expect(withoutPlaces(rendered)).toBe(withoutPlaces(original));
    expect(httpFilter(rendered, "envoy.filters.http.grpc_json_transcoder").proto_descriptor).toBe(
      ADDRESSES.descriptorPath,
    );
  });

  it.each(["localhost:1", "127.0.0.1", "127.0.0.1:x", ""])("refuses %j as an address", (address) => {
    expect(() => renderEnvoy({ ...ADDRESSES, query: [address] })).toThrow("IPv4");
  });
});

describe("envoy.yaml", () => {
  const routes = routesOf(original);
  const named = (start: string) => routes.filter(({ name }) => name.startsWith(start));

  it("retries writes only where they cannot have arrived, reads once, and nobody for RESOURCE_EXHAUSTED", () => {
    for (const { name, route } of routes) {
      const retryOn = route?.retry_policy?.retry_on;
      if (retryOn === undefined) continue; // Direct answers, and REST before the transcoder, which never leaves.
      const isRead = /query|stats/.test(name);
      const reasons = "connect-failure,refused-stream";
      expect([name, retryOn]).toEqual([name, isRead ? `${reasons},reset,unavailable` : reasons]);
    }
    expect(routes.filter(({ route }) => route?.retry_policy)).toHaveLength(18);
  });

  it("has no route time-out on native streams, and on REST one that nothing switches off", () => {
    for (const { name, route } of named("grpc_")) expect([name, route!.timeout]).toEqual([name, "0s"]);
    const transcoded = routes.filter(({ route }) => route?.timeout === "30s" && route.retry_policy);
    expect(transcoded.map(({ name }) => name)).toEqual([
      "rest_upload",
      "rest_write_log",
      "rest_ingest",
      "rest_query",
      "rest_stats",
      "rest_admin",
    ]);
    for (const { name, route } of transcoded) expect([name, route!.max_stream_duration]).toEqual([name, undefined]);
  });

  it("looks at each role's health every second by its services, never by all that it needs, and trusts no half-dead cluster", () => {
    const interval = "1s";
    expect(2_000 * seconds(interval)).toBeLessThan(limits.STOP_NOTICE_MS_DEFAULT); // Two looks, though the first one tells.
    for (const cluster of original.static_resources.clusters) {
      expect(cluster).toMatchObject({
        health_checks: [{ interval, no_traffic_interval: interval }],
        common_lb_config: { healthy_panic_threshold: { value: 0 } },
        outlier_detection: { split_external_local_origin_errors: true, enforcing_consecutive_5xx: 0 },
      });
    }
    const names = JSON.stringify(original).match(/"service_name":"[^"]+"/g);
    const services = ["Ingest", "Ingest", "Query", "Stats", "Admin"];
    expect(names).toEqual(services.map((name) => `"service_name":"logpulse.v1.${name}Service"`));
    const paths = JSON.stringify(original).match(/"http_health_check":\{"path":"[^"]+"/g);
    expect(paths).toEqual(Array(4).fill('"http_health_check":{"path":"/servingz"'));
  });

  it("looks at Origin before all else, and lets gRPC past the look at Host only with te: trailers", () => {
    const names = routes.map(({ name }) => name);
    expect(names.indexOf("other_site")).toBe(0);
    for (const { name, match } of routes.slice(0, names.indexOf("other_name"))) {
      const headers = JSON.stringify(match.headers);
      if (name.startsWith("grpc_")) expect(headers).toContain('{"name":"te","string_match":{"exact":"trailers"}}');
      else if (name !== "other_site") expect(headers).toBe('[{"name":"x-envoy-original-path","present_match":true}]');
    }
  });

  it("has the limits of services/domain/limits.ts, or wider ones where the services' own errors say more", () => {
    const manager = connectionManager(original);
    expect(manager.max_request_headers_kb * 1024).toBe(limits.HTTP_HEADERS_BYTES_MAX);
    expect(seconds(manager.stream_idle_timeout) * 1000).toBeGreaterThan(limits.STREAM_IDLE_MS_MAX);
    const [stream] = named("grpc_stream");
    const streamMs = seconds(stream!.route!.idle_timeout!) * 1000;
    expect(streamMs).toBeGreaterThan(limits.STREAM_QUIET_MS_MAX + limits.CONNECTION_PING_MS);
    expect(httpFilter(original, "envoy.filters.http.buffer").max_request_bytes).toBe(limits.HTTP_BODY_BYTES_MAX);
    expect(JSON.stringify(original)).toContain(`"max_active_downstream_connections":${limits.CONNECTIONS_MAX}`);
    // Envoy ends an idle connection before the service behind it does: a call on a dying one would fail.
    const idleMs = original.static_resources.clusters.map(({ typed_extension_protocol_options: options }) => {
      return (
        1000 * Number(/"common_http_protocol_options":\{"idle_timeout":"(\d+)s"/.exec(JSON.stringify(options))?.[1])
      );
    });
    expect(Math.max(...idleMs.slice(0, 5))).toBeLessThan(limits.CONNECTION_IDLE_MS_MAX);
    expect(Math.max(...idleMs.slice(5))).toBeLessThan(limits.HTTP_KEEP_ALIVE_MS_MAX);
    // Envoy's own bound binds, not what replicas tell it: raised later, that one makes it forget calls that wait.
    const [ingest] = original.static_resources.clusters;
    const streamsMax = Number(/"max_concurrent_streams":(\d+)/.exec(JSON.stringify(ingest))![1]);
    expect(streamsMax).toBeLessThanOrEqual(limits.STREAMS_PER_PROXY_CONNECTION);
    // A call may take as long as a store or the log may take to answer.
    const restMs = Math.min(...routes.flatMap(({ route }) => (route?.timeout === "30s" ? [30_000] : [])));
    expect(restMs).toBe(limits.REST_ANSWER_MS_MAX);
    expect(JSON.stringify(original)).toContain(`local left = ${limits.JSON_UPLOAD_BYTES_MAX} `);
    expect(restMs).toBeGreaterThan(Math.max(limits.APPEND_MS_MAX, limits.STORE_QUERY_MS_MAX, limits.REPLAY_MS_MAX));
  });
});

const seconds = (duration: string) => Number(/^(\d+)s$/.exec(duration)![1]);
