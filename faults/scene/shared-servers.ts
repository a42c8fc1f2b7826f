import { startElasticsearch } from "../../stack/elasticsearch.ts";
import { startKafka } from "../../stack/kafka.ts";
import { startMariadb } from "../../stack/mariadb.ts";
import { startRedis } from "../../stack/redis.ts";
import type { RunningServer } from "../../stack/server-process.ts";
import type { RealServers } from "../../tests/real-servers.ts";
import type { Fault, ServerName } from "./fault.ts";

interface Started {
  server: RunningServer;
  addresses: Partial<RealServers>;
}

const START: Record<ServerName, () => Promise<Started>> = {
  async kafka() {
    const server = await startKafka();
    return { server, addresses: { kafkaBrokers: [server.address] } };
  },
  async elasticsearch() {
    const server = await startElasticsearch();
    return { server, addresses: { elasticsearchUrl: server.url } };
  },
  async mariadb() {
    const server = await startMariadb();
    return { server, addresses: { mysqlUrl: server.url } };
  },
  async redis() {
    const server = await startRedis();
    return { server, addresses: { redisUrl: server.url } };
  },
};

/** Real servers that the runs of a series share, each started when the first run needs it. */
export class SharedServers {
  private readonly started = new Map<ServerName, Started>();

  /** The servers that this fault does not bring itself. */
  async of({ brings = [] }: Fault): Promise<Partial<RealServers>> {
    const needed = (Object.keys(START) as ServerName[]).filter((name) => !brings.includes(name));
    const missing = needed.filter((name) => !this.started.has(name));
    const starts = await Promise.allSettled(missing.map((name) => START[name]()));
    for (const [index, start] of starts.entries()) {
      if (start.status === "fulfilled") this.started.set(missing[index]!, start.value);
    }
    for (const start of starts) if (start.status === "rejected") throw start.reason;
    return Object.assign({}, ...needed.map((name) => this.started.get(name)!.addresses));
  }

  /** Ends them and deletes their data. */
  async remove(): Promise<void> {
    await Promise.all([...this.started.values()].map(({ server }) => server.remove()));
    this.started.clear();
  }
}
