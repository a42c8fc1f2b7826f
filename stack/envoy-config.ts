import { join } from "node:path";
import { type EnvoyAddresses, renderEnvoy } from "../envoy/render.ts";
import { STACK_PORTS } from "./ports.ts";

/** The config of docker compose, envoy/envoy.yaml, turned to the ports and files of this machine; as text. */
export function stackEnvoyConfig(): string {
  const { ingest, query, stats, workerElasticsearch, workerMysql, envoy, envoyAdmin } = STACK_PORTS;
  const addresses: EnvoyAddresses = {
    listenPort: envoy,
    adminPort: envoyAdmin,
    ingest: ingest.map(onLoopback),
    query: [onLoopback(query)],
    stats: [onLoopback(stats)],
    worker: [onLoopback(workerElasticsearch), onLoopback(workerMysql)],
    descriptorPath: join(import.meta.dirname, "..", "gen", "logpulse.binpb"),
  };
  return renderEnvoy(addresses);
}

const onLoopback = (port: number): string => `127.0.0.1:${port}`;
