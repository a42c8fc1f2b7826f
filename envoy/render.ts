import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";

/** Where everything is when roles are processes of one machine. Addresses are "host:port", the host an IP address. */
export interface EnvoyAddresses {
  /** Envoy listens here, on 127.0.0.1 only. */
  listenPort: number;
  /** Its admin interface, on 127.0.0.1. */
  adminPort: number;
  /** One address for each replica. */
  ingest: readonly string[];
  query: readonly string[];
  stats: readonly string[];
  /** Of every store: each serves AdminService for all of them. */
  worker: readonly string[];
  /** The descriptor set that `npm run gen` writes (gen/logpulse.binpb), as an absolute path. */
  descriptorPath: string;
}

/**
 * envoy.yaml with other addresses: static endpoints in place of DNS names, other ports, 127.0.0.1 in place of all
 * interfaces. Nothing else differs, so what is tested on the stack is what compose runs.
 *
 * The number of worker threads is no part of it: Envoy takes that from its command line (`--concurrency`).
 *
 * @returns YAML.
 * @throws Error for an address that is not "IPv4:port".
 */
export function renderEnvoy(addresses: EnvoyAddresses): string {
  const config = parse(readFileSync(join(import.meta.dirname, "envoy.yaml"), "utf8")) as Bootstrap;
  config.admin.address = socketAddress(`127.0.0.1:${addresses.adminPort}`);
  for (const listener of config.static_resources.listeners) {
    listener.address = socketAddress(`127.0.0.1:${addresses.listenPort}`);
  }
  for (const cluster of config.static_resources.clusters) placeCluster(cluster, addresses);
  for (const transcoder of objectsWith(config, "proto_descriptor")) {
    transcoder.proto_descriptor = addresses.descriptorPath;
  }
  return stringify(config, { aliasDuplicateObjects: false, lineWidth: 0 });
}

const ROLES = ["ingest", "query", "stats", "worker"] as const;

/** The parts of Envoy's Bootstrap that are replaced. */
interface Bootstrap {
  admin: { address: unknown };
  static_resources: { listeners: { address: unknown }[]; clusters: Cluster[] };
}

interface Cluster {
  name: string;
  type: string;
  dns_lookup_family?: string;
  load_assignment: { endpoints: unknown };
}

function placeCluster(cluster: Cluster, addresses: EnvoyAddresses): void {
  const role = ROLES.find((name) => name === cluster.name.replace(/_(h1|streams)$/, ""));
  if (role === undefined) throw new Error(`no address for cluster ${cluster.name}`);
  cluster.type = "STATIC";
  delete cluster.dns_lookup_family;
  cluster.load_assignment.endpoints = [
    { lb_endpoints: addresses[role].map((address) => ({ endpoint: { address: socketAddress(address) } })) },
  ];
}

function socketAddress(text: string): unknown {
  const [, host, port] = /^(\d+\.\d+\.\d+\.\d+):(\d+)$/.exec(text) ?? [];
  if (host === undefined)
    throw new Error(`"${text}" is no address; wanted is an IPv4 address and a port, "127.0.0.1:9001"`);
  return { socket_address: { address: host, port_value: Number(port) } };
}

/** Every object below `value` that has this key. */
function objectsWith(value: unknown, key: string): Record<string, unknown>[] {
  if (typeof value !== "object" || value === null) return [];
  const below = Object.values(value).flatMap((child) => objectsWith(child, key));
  return key in value ? [value as Record<string, unknown>, ...below] : below;
}
