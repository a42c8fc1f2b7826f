import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startElasticsearch } from "./elasticsearch.ts";
import { startEnvoy, validateEnvoy } from "./envoy.ts";
import { freePort } from "./free-port.ts";
import { haveServers } from "./have-servers.ts";
import { SERVERS } from "./installed.ts";
import { startKafka } from "./kafka.ts";
import { brokerServes } from "./kafka-health.ts";
import { startMariadb } from "./mariadb.ts";
import { endGroup, identify } from "./processes.ts";
import { startRedis } from "./redis.ts";
import type { RunningServer } from "./server-process.ts";

describe.skipIf(!haveServers(...SERVERS))("the real servers", () => {
  const servers: RunningServer[] = [];
  const keep = <S extends RunningServer>(server: S): S => {
    servers.push(server);
    return server;
  };
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let envoy: Awaited<ReturnType<typeof startEnvoy>>;
  let elasticsearch: Awaited<ReturnType<typeof startElasticsearch>>;
  let kafka: RunningServer;

  beforeAll(async () => {
    const envoyPort = await freePort();
    [redis, envoy, kafka, elasticsearch] = await Promise.all([
      startRedis().then(keep),
      startEnvoy({ config: { yaml: answersHello(envoyPort) }, port: envoyPort }).then(keep),
      startKafka().then(keep),
      startElasticsearch({ heapMiB: 512 }).then(keep),
      startMariadb().then(keep), // Healthy means that its user could log in and query.
    ]);
  }, 240_000);

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.remove()));
    const left = servers.filter((server) => identify(server.pid) !== undefined);
    assert.deepEqual(
      left.map(({ name }) => name),
      [],
    );
  }, 90_000);

  it("all run, each on its own port of 127.0.0.1", () => {
    assert.deepEqual(servers.map(({ name }) => name).toSorted(), SERVERS.toSorted());
    for (const server of servers) assert.equal(server.alive(), true, server.name);
    assert.equal(new Set(servers.map(({ address }) => address)).size, SERVERS.length);
  });

  it("answer in their protocols", async () => {
    assert.equal(await brokerServes(kafka.port), true);
    const health = await fetch(`${elasticsearch.url}/_cluster/health`);
    assert.equal(((await health.json()) as { number_of_nodes: number }).number_of_nodes, 1);
    assert.equal(await (await fetch(envoy.url)).text(), "hello");
  });

  it("come back on the same port after kill -9", async () => {
    const before = redis.pid;
    await redis.kill();
    assert.equal(redis.alive(), false);
    await redis.restart();
    assert.notEqual(redis.pid, before);
    assert.equal(redis.alive(), true);
  });

  // Envoy by itself asks the kernel to end it with its parent.
  it("go on after the process that started them, when they are to", async () => {
    const directory = mkdtempSync(join(tmpdir(), "logpulse-left-"));
    const port = await freePort();
    const config = join(directory, "hello.yaml");
    writeFileSync(config, answersHello(port));
    const fixture = join(import.meta.dirname, "start-and-leave.fixture.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [fixture, directory, config, String(port)]);
    const pid = Number(stdout);
    try {
      await sleep(500); // What would end it comes at once.
      assert.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), "hello");
    } finally {
      await endGroup(pid, 5_000);
      rmSync(directory, { recursive: true });
    }
  });

  it("include an Envoy that tells a good config from a bad one", async () => {
    assert.equal(await validateEnvoy(join(envoy.directory, "envoy.yaml")), undefined);
    const bad = join(envoy.directory, "bad.yaml");
    writeFileSync(bad, "static_resources: { listenerz: [] }");
    assert.match((await validateEnvoy(bad)) ?? "", /listenerz/);
  });
});

function answersHello(port: number): string {
  const extension = "type.googleapis.com/envoy.extensions.filters";
  return `
static_resources:
  listeners:
    - address: { socket_address: { address: 127.0.0.1, port_value: ${port} } }
      filter_chains:
        - filters:
            - name: http
              typed_config:
                "@type": ${extension}.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: hello
                route_config:
                  virtual_hosts:
                    - name: all
                      domains: ["*"]
                      routes: [{ match: { prefix: / }, direct_response: { status: 200, body: { inline_string: hello } } }]
                http_filters:
                  - name: router
                    typed_config: { "@type": ${extension}.http.router.v3.Router }
`;
}
