import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BROKER_MESSAGE_BYTES_MAX } from "../services/domain/limits.ts";
import { freePort } from "./free-port.ts";
import { javaHome, PIECES } from "./installed.ts";
import { brokerServes } from "./kafka-health.ts";
import { runCommand } from "./run-command.ts";
import { type RunningServer, type StartOptions, serverDirectory, startServer } from "./server-process.ts";

export interface KafkaOptions extends StartOptions {
  controllerPort?: number;
  /** Default 384. */
  heapMiB?: number;
  /** Any setting of server.properties, e.g. `{ "message.max.bytes": 1_048_576 }`. */
  settings?: Record<string, string | number | boolean>;
}

/** `address` is the bootstrap broker. */
export type RunningKafka = RunningServer;

/** Starts one Kafka broker that is its own KRaft controller. About 3 s; topics are never made by the way. */
export async function startKafka(options: KafkaOptions = {}): Promise<RunningKafka> {
  const port = options.port ?? (await freePort());
  const controllerPort = options.controllerPort ?? (await freePort());
  const directory = serverDirectory("kafka", options.directory);
  const settingsFile = writeSettings(directory, port, controllerPort, options.settings ?? {});
  await formatStorage(directory, settingsFile);
  return startServer({
    name: "kafka",
    command: java(),
    args: [
      `-Xmx${options.heapMiB ?? 384}m`,
      "-XX:+UseG1GC",
      "-XX:+ExitOnOutOfMemoryError",
      `-Djava.io.tmpdir=${join(directory, "tmp")}`, // Its compression libraries are unpacked there; a crash leaves them.
      `-Dlog4j2.configurationFile=${join(directory, "log4j2.properties")}`,
      "-cp",
      CLASS_PATH,
      "kafka.Kafka",
      settingsFile,
    ],
    port,
    directory,
    outlivesUs: options.outlivesUs,
    healthy: () => brokerServes(port),
    startMsMax: 90_000,
  });
}

const CLASS_PATH = join(PIECES.kafka, "libs", "*");

const java = (): string => join(javaHome(), "bin", "java");

function writeSettings(directory: string, port: number, controllerPort: number, own: KafkaOptions["settings"]): string {
  const settings = {
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    "log.dirs": join(directory, "data"),
    ...SETTINGS,
    ...own,
  };
  mkdirSync(join(directory, "tmp"), { recursive: true });
  const file = join(directory, "server.properties");
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
  );
  writeFileSync(join(directory, "log4j2.properties"), LOG_SETTINGS);
  return file;
}

const SETTINGS = {
  "process.roles": "broker,controller",
  "node.id": 1,
  "controller.listener.names": "CONTROLLER",
  "auto.create.topics.enable": false,
  "message.max.bytes": BROKER_MESSAGE_BYTES_MAX,
  "replica.fetch.max.bytes": BROKER_MESSAGE_BYTES_MAX,
  // One broker, and small inner topics: 4 partitions are made in a moment, the default of 50 is not.
  "default.replication.factor": 1,
  "offsets.topic.replication.factor": 1,
  "offsets.topic.num.partitions": 4,
  "transaction.state.log.replication.factor": 1,
  "transaction.state.log.min.isr": 1,
  "transaction.state.log.num.partitions": 4,
  "share.coordinator.state.topic.replication.factor": 1,
  "share.coordinator.state.topic.min.isr": 1,
  "share.coordinator.state.topic.num.partitions": 4,
  "group.initial.rebalance.delay.ms": 0,
  // After kill -9 the broker may not register again until its old session has ended: 12 s with the defaults (9 s, 2 s).
  "broker.session.timeout.ms": 3_000,
  "broker.heartbeat.interval.ms": 500,
  "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024, // The default takes 128 MiB of the heap at once.
  "num.network.threads": 2,
  "num.io.threads": 4,
};

/** Kafka tells every setting and every step at `info`; one line each of start, stop and trouble is enough. */
const LOG_SETTINGS = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}] %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
logger.start.name = kafka.server.KafkaRaftServer
logger.start.level = info
`;

/** Gives a new data folder its cluster id; a folder that has one is left alone. */
async function formatStorage(directory: string, settingsFile: string): Promise<void> {
  if (existsSync(join(directory, "data", "meta.properties"))) return;
  // The JIT's first tier only: the program runs for half a second.
  const jvm = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", CLASS_PATH];
  const format = ["kafka.tools.StorageTool", "format", "-t", clusterId(), "-c", settingsFile];
  await runCommand([java(), ...jvm, ...format], 60_000);
}

/** 16 bytes as Kafka writes them. It refuses ids with a leading dash, which its command line took for an option. */
function clusterId(): string {
  const id = randomBytes(16).toString("base64url");
  return id.startsWith("-") ? clusterId() : id;
}
