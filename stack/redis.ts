import { connect } from "node:net";
import { freePort } from "./free-port.ts";
import { programPath } from "./installed.ts";
import { type RunningServer, type StartOptions, serverDirectory, startServer } from "./server-process.ts";

export interface RedisOptions extends StartOptions {
  /** Any setting of redis.conf, e.g. `{ maxmemory: "64mb" }`. */
  settings?: Record<string, string>;
}

export type RunningRedis = RunningServer & { readonly url: string };

/** Starts Redis without any file: a restart forgets everything, as losing it may lose no data of ours. About 0.1 s. */
export async function startRedis(options: RedisOptions = {}): Promise<RunningRedis> {
  const port = options.port ?? (await freePort());
  const directory = serverDirectory("redis", options.directory);
  const settings = {
    port: String(port),
    bind: "127.0.0.1",
    save: "",
    appendonly: "no",
    dir: directory,
    ...options.settings,
  };
  const server = await startServer({
    name: "redis",
    command: programPath("redis-server"),
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    port,
    directory,
    outlivesUs: options.outlivesUs,
    healthy: () => answersPing(port),
    startMsMax: 10_000,
  });
  return Object.assign(server, { url: `redis://127.0.0.1:${port}` });
}

async function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" }, () => socket.write("PING\r\n"));
    socket.setTimeout(1_000, () => socket.destroy(new Error("no answer in 1 s")));
    socket.once("error", reject);
    socket.once("close", () => resolve(false));
    socket.once("data", (answer) => {
      resolve(answer.toString("latin1").startsWith("+PONG")); // While it loads data it says -LOADING.
      socket.destroy();
    });
  });
}
