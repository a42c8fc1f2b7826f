import { setTimeout as sleep } from "node:timers/promises";
import type { RunningServer } from "../../stack/server-process.ts";
import type { RealServers } from "../../tests/real-servers.ts";
import type { Fault, ServerName } from "../scene/fault.ts";

/** A server that is killed. */
export interface Victim {
  server: RunningServer;
  addresses: Partial<RealServers>;
}

/** What a fault that kills a server consists of. */
export interface ServerKill {
  name: ServerName;
  summary: string;
  /** How long the server stays away each time. */
  awayMs: { min: number; max: number };
  /** How long one time takes, its restart and some load before it included. */
  secondsPerTime: number;
  start(): Promise<Victim>;
}

/** kill -9 of a server under load, and its restart on the same data, so often as the run says. */
export function serverKillFault({ name, summary, awayMs, secondsPerTime, start }: ServerKill): Fault {
  return {
    name: `${name === "mariadb" ? "mysql" : name}-kill`,
    summary,
    brings: [name],
    loadSeconds: (times) => secondsPerTime * times,
    async open() {
      const { server, addresses } = await start();
      let kills = 0;
      return {
        servers: addresses,
        async during(scene) {
          for (; kills < scene.times && !scene.load.isOver; kills++) {
            await sleep(scene.random.between(1_000, 4_000));
            scene.tell(`kill -9 of ${name}`);
            await server.kill();
            await sleep(scene.random.between(awayMs.min, awayMs.max));
            await server.restart();
            scene.tell(`${name} is back`);
            scene.recovers();
          }
        },
        notes: () => ({ kills }),
        close: () => server.remove(),
      };
    },
  };
}
