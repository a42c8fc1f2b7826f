import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderEnvoy } from "../envoy/render.ts";
import { GrpcClient } from "../envoy/testing/grpc-client.ts";
import { IngestService } from "../gen/logpulse/v1/ingest_service_pb.ts";
import { type RunningEnvoy, startEnvoy } from "../stack/envoy.ts";
import { freePort } from "../stack/free-port.ts";
import { type RunningKafka, startKafka } from "../stack/kafka.ts";
import { logpulseRoles, startRole } from "../stack/roles.ts";
import type { RunningServer } from "../stack/server-process.ts";
import { eventually } from "./eventually.ts";
import { realServers } from "./real-servers.ts";

const CLIENTS = 10;
const CALLS_PER_CLIENT = 200; // Envoy takes 256 on a connection.
const OTHERS = 60;
const OTHERS_ADDRESS = "127.0.0.2"; // No trusted proxy.

/**
 * Envoy 1.40 forgets calls that wait for a full connection when the replica says that it may have more open. Whoever else
 * connects to a replica and leaves it makes it say so to everybody but proxies that it trusts (decision 018).
 */
describe.runIf(realServers())("calls that wait in Envoy for a replica", { timeout: 120_000 }, () => {
  let kafka: RunningKafka;
  let ingest: RunningServer;
  let envoy: RunningEnvoy;
  const clients: GrpcClient[] = [];
  let others: ClientHttp2Session[] = [];

  beforeAll(async () => {
    kafka = await startKafka(); // One that can be stopped.
    ingest = await startIngest(kafka.address);
    const [listenPort, adminPort, unused] = [await freePort(), await freePort(), await freePort()];
    const nobody = [`127.0.0.1:${unused}`];
    const yaml = renderEnvoy({
      listenPort,
      adminPort,
      ingest: [ingest.address],
      query: nobody,
      stats: nobody,
      worker: nobody,
      descriptorPath: join(import.meta.dirname, "..", "gen", "logpulse.binpb"),
    });
    envoy = await startEnvoy({ config: { yaml }, port: listenPort, adminPort });
    clients.push(...Array.from({ length: CLIENTS }, () => new GrpcClient(envoy.port)));
  }, 60_000);
  afterAll(async () => {
    for (const client of clients) client.close();
    for (const other of others) other.destroy();
    await envoy?.remove();
    await ingest?.remove();
    await kafka?.remove();
  });

  const write = async (client: GrpcClient) => {
    const { status } = await client.call(IngestService.method.write, { records: [{ message: "waits" }] });
    return status.code;
  };

  it("are all answered, though others connect to it and leave meanwhile", async () => {
    await eventually(
      () => write(clients[0]!),
      (code) => code === 0,
    );
    others = await Promise.all(Array.from({ length: OTHERS }, () => otherConnection(ingest.address)));
    kafka.pause();
    const calls = clients.flatMap((client) => Array.from({ length: CALLS_PER_CLIENT }, () => write(client)));
    await eventually(
      () => pendingIn(envoy),
      (pending) => pending > CALLS_PER_CLIENT,
    );
    for (const other of others) other.destroy();
    await new Promise((resolve) => setTimeout(resolve, 500)); // The replica tells everybody of the room.
    kafka.resume();
    const codes = await Promise.all(calls);
    expect(codes.filter((code) => code !== 0)).toEqual([]);
  });
});

async function startIngest(kafka: string): Promise<RunningServer> {
  const unused = await freePort(); // Nobody listens there.
  const servers = {
    kafka,
    elasticsearchUrl: `http://127.0.0.1:${unused}`,
    mysqlUrl: `mysql://nobody:nothing@127.0.0.1:${unused}/none`,
    redisUrl: `redis://127.0.0.1:${unused}`,
  };
  const nobody = { workerElasticsearch: [], workerMysql: [], query: [], stats: [] };
  const roles = logpulseRoles(servers, { ingest: [await freePort()], ...nobody }, { LOGPULSE_RATE_LIMIT: "off" });
  return startRole(roles[0]!);
}

async function otherConnection(address: string): Promise<ClientHttp2Session> {
  const { hostname, port } = new URL(`http://${address}`);
  const createConnection = () => connectTcp({ host: hostname, port: Number(port), localAddress: OTHERS_ADDRESS });
  const session = connect(`http://${address}`, { createConnection });
  session.on("error", () => {});
  await once(session, "remoteSettings");
  return session;
}

/** Calls that wait for room on a connection to the replica. */
async function pendingIn({ adminUrl }: RunningEnvoy): Promise<number> {
  const answer = await fetch(`${adminUrl}/stats?filter=^cluster.ingest.upstream_rq_pending_active$`);
  return Number(/: (\d+)/.exec(await answer.text())?.[1]);
}
