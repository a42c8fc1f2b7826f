import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { compose, textOf } from "./compose-file.ts";

describe("the door", () => {
  interface Bootstrap {
    admin: { address: { socket_address: { address: string; port_value: number } } };
    overload_manager: { resource_monitors: { typed_config: { max_heap_size_bytes?: number } }[] };
    static_resources: {
      listeners: { address: { socket_address: { port_value: number } } }[];
      clusters: { name: string; type: string; load_assignment: unknown }[];
    };
  }
  const envoy = parse(textOf("envoy/envoy.yaml")) as Bootstrap;
  const service = compose.services.envoy!;

  it("runs envoy/envoy.yaml with the contract's descriptor, where that looks for it", () => {
    expect(service.volumes).toEqual([
      "./envoy/envoy.yaml:/etc/envoy/envoy.yaml:ro",
      "./gen/logpulse.binpb:/etc/envoy/logpulse.binpb:ro",
    ]);
    expect(textOf("envoy/envoy.yaml")).toContain("proto_descriptor: /etc/envoy/logpulse.binpb");
    expect(service.command).toContain("--config-path /etc/envoy/envoy.yaml ");
  });

  it("publishes the listener's port, and asks the admin's for its health", () => {
    const [listener] = envoy.static_resources.listeners;
    expect(service.ports![0]).toMatch(new RegExp(`:${listener!.address.socket_address.port_value}$`));
    const admin = envoy.admin.address.socket_address;
    expect(admin.address).toBe("127.0.0.1");
    const asked = `/dev/tcp/127.0.0.1/${admin.port_value}`;
    expect(service.healthcheck!.test.join(" ")).toContain(asked);
    expect(service.pre_stop![0]!.command.join(" ")).toContain(asked);
  });

  it("finds its clusters by service name, all replicas of each, and waits for those of its services", () => {
    const found = new Set<string>();
    for (const cluster of envoy.static_resources.clusters) {
      expect(cluster.type).toBe("STRICT_DNS");
      const places = JSON.stringify(cluster.load_assignment).matchAll(/"address":"([^"]+)","port_value":(\d+)/g);
      for (const [, host, port] of places) {
        expect(compose.services[host!]!.environment!.LOGPULSE_LISTEN).toBe(`0.0.0.0:${port}`);
        found.add(host!);
      }
    }
    // Workers only administer: without them everybody else is served all the same.
    const waitedFor = [...found].filter((host) => !host.startsWith("worker-"));
    expect(waitedFor.sort()).toEqual(Object.keys(service.depends_on!).sort());
  });

  it("has more memory than its overload manager lets it take", () => {
    const heaps = envoy.overload_manager.resource_monitors.map((monitor) => monitor.typed_config.max_heap_size_bytes);
    const heapBytes = heaps.find((bytes) => bytes !== undefined)!;
    expect(Number.parseInt(service.mem_limit!, 10) * 1024 * 1024).toBeGreaterThan(heapBytes);
    expect(service.mem_limit).toMatch(/m$/);
  });
});
