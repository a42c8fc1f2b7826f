import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { STACK_PORTS } from "./ports.ts";

/** What differs between the Envoy of docker compose and the one here. */
export interface EnvoyPlaces {
  readonly listenerPort: number;
  /** The ports on 127.0.0.1 that serve each role; a cluster belongs to the role with which its name begins (`ingest_h1`). */
  readonly ports: Readonly<Record<string, readonly number[]>>;
  readonly descriptorFile: string;
}

/** The config of docker compose, envoy/envoy.yaml, turned to the ports and files of this machine. */
export function stackEnvoyConfig(): string {
  const root = join(import.meta.dirname, "..");
  const { ingest, query, stats, envoy } = STACK_PORTS;
  return renderEnvoyConfig(readFileSync(join(root, "envoy", "envoy.yaml"), "utf8"), {
    listenerPort: envoy,
    ports: { ingest, query: [query], stats: [stats] },
    descriptorFile: join(root, "gen", "logpulse.binpb"),
  });
}

/**
 * Rewrites an Envoy config: its one listener, the endpoints of its clusters, the path of its descriptor set; nothing else.
 *
 * @returns JSON, which is YAML too.
 * @throws Error when a cluster belongs to none of the roles: its requests would go to names that do not exist here.
 */
export function renderEnvoyConfig(yaml: string, places: EnvoyPlaces): string {
  const config = parse(yaml, { merge: true }) as EnvoyBootstrap;
  for (const listener of config.static_resources.listeners) listener.address = loopback(places.listenerPort);
  for (const cluster of config.static_resources.clusters) {
    const role = Object.keys(places.ports).find((name) => cluster.name.startsWith(name));
    if (role === undefined) throw new Error(`envoy.yaml: cluster ${cluster.name} belongs to none of the roles`);
    const lb_endpoints = places.ports[role]!.map((port) => ({ endpoint: { address: loopback(port) } }));
    cluster.type = "STATIC";
    cluster.load_assignment = { cluster_name: cluster.name, endpoints: [{ lb_endpoints }] };
  }
  const moveDescriptor = (key: string, value: unknown): unknown =>
    key === "proto_descriptor" ? places.descriptorFile : value;
  return JSON.stringify(config, moveDescriptor, 2);
}

/** The parts of Envoy's bootstrap that are rewritten. */
interface EnvoyBootstrap {
  static_resources: {
    listeners: { address: unknown }[];
    clusters: { name: string; type?: string; load_assignment?: unknown }[];
  };
}

const loopback = (port: number): object => ({ socket_address: { address: "127.0.0.1", port_value: port } });
