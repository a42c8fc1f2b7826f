import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { javaHome, PIECES } from "./installed.ts";
import { type RunningServer, type StartOptions, serverDirectory, startServer } from "./server-process.ts";

export interface ElasticsearchOptions extends StartOptions {
  transportPort?: number;
  /** Default 768. Elasticsearch takes all of it when it starts, and about as much again outside the heap. */
  heapMiB?: number;
  /** Any setting of elasticsearch.yml, e.g. `{ "thread_pool.write.queue_size": 1 }`. */
  settings?: Record<string, string | number | boolean>;
}

export type RunningElasticsearch = RunningServer & { readonly url: string };

/**
 * Starts one Elasticsearch node without security. About 10 s.
 *
 * It is the bare build: no `GET /`, so no `ping()` and `info()` of the client; no ILM, data streams, painless, Kibana.
 */
export async function startElasticsearch(options: ElasticsearchOptions = {}): Promise<RunningElasticsearch> {
  const port = options.port ?? (await freePort());
  const transportPort = options.transportPort ?? (await freePort());
  const directory = serverDirectory("elasticsearch", options.directory);
  writeSettings(directory, { "http.port": port, "transport.port": transportPort, ...options.settings });
  const heap = `${options.heapMiB ?? HEAP_MIB}m`;
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer({
    name: "elasticsearch",
    command: join(PIECES.elasticsearch, "bin", "elasticsearch"),
    args: [],
    env: {
      ES_JAVA_HOME: javaHome(),
      ES_PATH_CONF: join(directory, "config"),
      ES_TMPDIR: join(directory, "tmp"),
      CLI_JAVA_OPTS: `-Djava.io.tmpdir=${join(directory, "tmp")}`, // Its launcher leaves a folder behind at every start.
      ES_JAVA_OPTS: `-Xms${heap} -Xmx${heap}`,
    },
    port,
    directory,
    outlivesUs: options.outlivesUs,
    refusesRoot: true,
    healthy: () => servesIndices(url),
    startMsMax: 180_000,
  });
  return Object.assign(server, { url });
}

const HEAP_MIB = 768;

/** Yellow is enough: with one node every replica shard stays unassigned. */
async function servesIndices(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
    signal: AbortSignal.timeout(3_000),
  });
  await answer.arrayBuffer(); // Read to the end, so that the connection is free again.
  return answer.ok;
}

function writeSettings(directory: string, own: Record<string, string | number | boolean>): void {
  for (const folder of ["config", "data", "logs", "tmp"]) mkdirSync(join(directory, folder), { recursive: true });
  const settings = {
    "cluster.name": "logpulse",
    "node.name": "logpulse",
    "discovery.type": "single-node",
    "network.host": "127.0.0.1",
    "path.data": join(directory, "data"),
    "path.logs": join(directory, "logs"),
    "xpack.security.enabled": false,
    // On a developer's nearly full disk it would otherwise make every index read-only.
    "cluster.routing.allocation.disk.threshold_enabled": false,
    ...own,
  };
  const yaml = Object.entries(settings).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
  writeFileSync(join(directory, "config", "elasticsearch.yml"), yaml.join(""));
  writeFileSync(join(directory, "config", "jvm.options"), JVM_OPTIONS);
  writeFileSync(join(directory, "config", "log4j2.properties"), LOG_SETTINGS);
}

/** Out of memory must end it, as it does in production: half an Elasticsearch answers for minutes. */
const JVM_OPTIONS = ["-XX:+UseG1GC", "-XX:+ExitOnOutOfMemoryError", "-Djava.io.tmpdir=$" + "{ES_TMPDIR}", ""].join(
  "\n",
);

const LOG_SETTINGS = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
logger.deprecation.name = org.elasticsearch.deprecation
logger.deprecation.level = off
`;
