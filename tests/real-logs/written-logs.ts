import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createConnection } from "mysql2/promise";
import { startElasticsearch } from "../../stack/elasticsearch.ts";
import { startEnvoy } from "../../stack/envoy.ts";
import { freePort } from "../../stack/free-port.ts";
import { startKafka } from "../../stack/kafka.ts";
import { startMariadb } from "../../stack/mariadb.ts";
import { startRedis } from "../../stack/redis.ts";
import { startEmbedded } from "../embedded-installation.ts";
import { eventually } from "../eventually.ts";

const TRACES_WANTED = 20;

/** Makes a server write its log: start, trouble, stop. The file gets what it wrote. */
export type LogWriter = (file: string) => Promise<void>;

/** Its starting lines, and a stack trace of Java for each request that it refuses. */
export const elasticsearchLog: LogWriter = async (file) => {
  const server = await startElasticsearch();
  try {
    await put(`${server.url}/_cluster/settings`, { persistent: { "logger.rest.suppressed": "DEBUG" } });
    for (let index = 0; index < TRACES_WANTED; index++) {
      await fetch(`${server.url}/nowhere-${index}/_search`);
      const script = { script: { source: "doc['none'].value / 0" } };
      await put(`${server.url}/_scripts/broken-${index}`, { script: { lang: "painless", source: "not ( a script" } });
      await fetch(`${server.url}/_search`, {
        method: "POST",
        headers: JSON_TYPE,
        body: JSON.stringify({ query: script }),
      });
    }
    await server.stop();
    writeFileSync(file, readFileSync(server.logFile));
  } finally {
    await server.remove();
  }
};

/** Warnings of Kafka with stack traces: of bytes that are no request, and of requests that are too large. */
export const kafkaLog: LogWriter = async (file) => {
  const server = await startKafka();
  try {
    const port = Number(server.address.split(":")[1]);
    for (let index = 0; index < TRACES_WANTED; index++) {
      await sendBytes(
        port,
        Buffer.from(index % 2 ? "GET / HTTP/1.1\r\n\r\n" : "\x00\x00\x00\x0a\xff\xff\xff\xff1234567890"),
      );
    }
    await eventually(
      async () => readFileSync(server.logFile, "utf8").split("\tat ").length,
      (frames) => frames > TRACES_WANTED,
      20_000,
    );
    await server.stop();
    writeFileSync(file, readFileSync(server.logFile));
  } finally {
    await server.remove();
  }
};

/** Notes of its start and stop, and warnings of a wrong password. */
export const mariadbLog: LogWriter = async (file) => {
  const server = await startMariadb({ settings: { "log-warnings": 4 } });
  try {
    const url = new URL(server.url);
    url.password = "wrong";
    for (let index = 0; index < TRACES_WANTED; index++) {
      await createConnection(url.href).then(
        () => Promise.reject(new Error("it takes any password")),
        () => undefined,
      );
    }
    await server.stop();
    writeFileSync(file, readFileSync(server.logFile));
  } finally {
    await server.remove();
  }
};

/** Its start, with the picture that it draws, its saves and its stop. */
export const redisLog: LogWriter = async (file) => {
  const server = await startRedis({ settings: { loglevel: "verbose", "always-show-logo": "yes" } });
  try {
    const port = Number(new URL(server.url).port);
    for (let index = 0; index < TRACES_WANTED; index++) await sendBytes(port, Buffer.from("BGSAVE\r\n"));
    await sleep(500);
    await server.stop();
    writeFileSync(file, readFileSync(server.logFile));
  } finally {
    await server.remove();
  }
};

/** Its access log, in the form that it has by default. */
export const envoyAccessLog: LogWriter = async (file) => {
  const port = await freePort();
  const server = await startEnvoy({ config: { yaml: envoyConfig(port, file) }, port });
  try {
    for (let index = 0; index < 200; index++) {
      const path = index % 10 === 9 ? `/odd "path"?q=${index}%20x` : `/page/${index}?q=1`;
      await fetch(`${server.url}${encodeURI(path)}`, { headers: { "user-agent": `agent "${index % 3}" \\ 1.0` } });
    }
    await server.stop(); // It writes what it still holds.
  } finally {
    await server.remove();
  }
};

/** The machine's own, where it has one: what was installed, a line for each step. */
export const dpkgLog: LogWriter = async (file) => {
  writeFileSync(file, readFileSync(DPKG_LOG));
};

/** Where the machine has it. */
export const DPKG_LOG = "/var/log/dpkg.log";

/** What a process of our own writes: lines of JSON, by pino. */
export const ownLog: LogWriter = async (file) => {
  const logpulse = await startEmbedded({ LOGPULSE_LOG_LEVEL: "debug" });
  try {
    for (let index = 0; index < TRACES_WANTED; index++) await fetch(`${logpulse.url}/logs/unknown-${index}`);
    await logpulse.process.stop();
    writeFileSync(file, readFileSync(logpulse.process.logFile));
  } finally {
    await logpulse.stop();
  }
};

const JSON_TYPE = { "content-type": "application/json" };

async function put(url: string, body: object): Promise<void> {
  await fetch(url, { method: "PUT", headers: JSON_TYPE, body: JSON.stringify(body) });
}

/** Sends that, and waits until the server closes, for a second at most. */
async function sendBytes(port: number, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(bytes));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on("error", () => {}); // A server that refuses bytes may cut the connection.
    socket.on("close", () => resolve());
    socket.resume();
  });
}

function envoyConfig(port: number, file: string): string {
  const route = { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: "hello" } } };
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "http",
    access_log: [
      {
        name: "envoy.access_loggers.file",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
          path: file,
        },
      },
    ],
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [route] }] },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
  const filters = [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }];
  const address = { socket_address: { address: "127.0.0.1", port_value: port } };
  return JSON.stringify({ static_resources: { listeners: [{ name: "http", address, filter_chains: [{ filters }] }] } });
}
