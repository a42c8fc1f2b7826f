import assert from "node:assert/strict";
import { describe, it } from "vitest";
import { renderEnvoyConfig } from "./envoy-config.ts";

const places = { listenerPort: 8080, ports: { ingest: [1, 2], query: [3] }, descriptorFile: "/here/d.pb" };

const yaml = `
admin: { address: { socket_address: { address: 0.0.0.0, port_value: 9901 } } }
static_resources:
  listeners:
    - address: { socket_address: { address: 0.0.0.0, port_value: 80 } }
      filter_chains: [{ filters: [{ typed_config: &transcoder { proto_descriptor: /etc/envoy/d.pb, services: [a.B] } }] }]
    - { address: {}, again: *transcoder }
  clusters:
    - &defaults { name: ingest_h1, type: STRICT_DNS, load_assignment: {}, connect_timeout: 1s }
    - { <<: *defaults, name: query }
`;

describe("renderEnvoyConfig", () => {
  it("moves listeners, clusters and the descriptor set to this machine, and leaves the rest", () => {
    const { admin, static_resources } = JSON.parse(renderEnvoyConfig(yaml, places));
    assert.equal(admin.address.socket_address.port_value, 9901);
    const [listener, second] = static_resources.listeners;
    assert.deepEqual(listener.address, { socket_address: { address: "127.0.0.1", port_value: 8080 } });
    const transcoder = { proto_descriptor: "/here/d.pb", services: ["a.B"] };
    assert.deepEqual(listener.filter_chains[0].filters[0].typed_config, transcoder);
    assert.deepEqual(second.again, transcoder);
    assert.deepEqual(static_resources.clusters.map(endpointPorts), [[1, 2], [3]]);
    assert.deepEqual(
      static_resources.clusters.map((cluster: Cluster) => cluster.type),
      ["STATIC", "STATIC"],
    );
    assert.equal(static_resources.clusters[1].connect_timeout, "1s");
  });

  it("refuses a cluster that nothing here serves", () => {
    const strange = yaml.replace("name: query", "name: kibana");
    assert.throws(() => renderEnvoyConfig(strange, places), /cluster kibana belongs to none of the roles/);
  });
});

interface Cluster {
  type: string;
  load_assignment: {
    endpoints: { lb_endpoints: { endpoint: { address: { socket_address: { port_value: number } } } }[] }[];
  };
}

const endpointPorts = (cluster: Cluster): number[] =>
  cluster.load_assignment.endpoints[0]!.lb_endpoints.map(({ endpoint }) => endpoint.address.socket_address.port_value);
