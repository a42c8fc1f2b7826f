/** The parts of Envoy's configuration that tests look at or change; the rest has no types here. */
export interface EnvoyConfigTree {
  static_resources: {
    listeners: { filter_chains: { filters: { typed_config: ConnectionManager }[] }[] }[];
    clusters: { name: string; [field: string]: unknown }[];
  };
}

interface ConnectionManager {
  max_request_headers_kb: number;
  stream_idle_timeout: string;
  common_http_protocol_options: Record<string, unknown>;
  http_filters: { name: string; typed_config: Record<string, unknown> }[];
  route_config: { virtual_hosts: { routes: EnvoyRoute[] }[] };
}

export interface EnvoyRoute {
  name: string;
  match: { prefix?: string; path?: string; [field: string]: unknown };
  route?: {
    cluster: string;
    timeout?: string;
    idle_timeout?: string;
    retry_policy?: { retry_on: string };
    max_stream_duration?: unknown;
  };
  typed_per_filter_config?: Record<string, unknown>;
}

/** The connection manager of the only listener. */
export function connectionManager(config: EnvoyConfigTree): ConnectionManager {
  return config.static_resources.listeners[0]!.filter_chains[0]!.filters[0]!.typed_config;
}

/** All routes, in the order in which Envoy looks at them. */
export function routesOf(config: EnvoyConfigTree): EnvoyRoute[] {
  return connectionManager(config).route_config.virtual_hosts[0]!.routes;
}

/** The configuration of an HTTP filter. */
export function httpFilter(config: EnvoyConfigTree, name: string): Record<string, unknown> {
  const filter = connectionManager(config).http_filters.find((candidate) => candidate.name === name);
  if (filter === undefined) throw new Error(`there is no filter ${name}`);
  return filter.typed_config;
}
