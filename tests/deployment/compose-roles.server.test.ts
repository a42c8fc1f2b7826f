import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import mysql from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../stack/free-port.ts";
import { startRole } from "../../stack/roles.ts";
import type { RunningServer } from "../../stack/server-process.ts";
import { type RealServers, realServers } from "../real-servers.ts";
import { type ComposeService, environmentOf, roles } from "./compose-file.ts";

const servers = realServers();

/** Names of this test alone; compose leaves them to their defaults. */
const unique = `t${randomBytes(5).toString("hex")}`;
const database = `logpulse_${unique}`;
const names = {
  KAFKA_TOPIC_PREFIX: unique,
  ELASTICSEARCH_INDEX_PREFIX: `${unique}-records`,
  REDIS_PREFIX: unique,
};

/** What compose gives the role, with the addresses of the real servers in place of the containers' names. */
function environmentHere(service: ComposeService, { kafkaBrokers, ...urls }: RealServers): Record<string, string> {
  const addresses: Record<string, string> = {
    KAFKA_BROKERS: kafkaBrokers.join(","),
    ELASTICSEARCH_URL: urls.elasticsearchUrl,
    MYSQL_URL: Object.assign(new URL(urls.mysqlUrl), { pathname: `/${database}` }).href,
    REDIS_URL: urls.redisUrl,
  };
  const environment: Record<string, string> = { ...environmentOf(service), ...names };
  for (const [name, address] of Object.entries(addresses)) if (name in environment) environment[name] = address;
  return environment;
}

describe.runIf(servers)("the roles with the environment that docker-compose.yml gives them", () => {
  const running = new Map<string, RunningServer>();

  beforeAll(async () => {
    await onMysql(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
    const started = await Promise.allSettled(
      roles.map(async ([name, service]) => {
        const port = await freePort();
        const env = { ...environmentHere(service, servers!), LOGPULSE_LISTEN: `127.0.0.1:${port}` };
        running.set(name, await startRole({ name, port, env }));
      }),
    );
    // Where one has no address of a server that it needs, it never gets ready.
    expect(started.filter(({ status }) => status === "rejected")).toEqual([]);
  });

  afterAll(async () => {
    await Promise.all([...running.values()].map((role) => role.remove()));
    await onMysql(`DROP DATABASE ${database}`);
  });

  it.each(roles)("%s is ready, and its health check sees whether it is", async (name, service) => {
    const role = running.get(name)!;
    const [kind, , ...args] = service.healthcheck!.test;
    expect(kind).toBe("CMD");
    const check = () =>
      promisify(execFile)(
        process.execPath,
        args.map((text) => text.replace("127.0.0.1:8080", role.address)),
      );
    await check();
    await role.stop();
    await expect(check()).rejects.toMatchObject({ code: 1 });
  });
});

async function onMysql(statement: string): Promise<void> {
  const connection = await mysql.createConnection(servers!.mysqlUrl);
  await connection.query(statement);
  await connection.end();
}
