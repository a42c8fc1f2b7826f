import { startElasticsearch } from "./elasticsearch.ts";
import { startEnvoy } from "./envoy.ts";
import { stackEnvoyConfig } from "./envoy-config.ts";
import { startKafka } from "./kafka.ts";
import { startMariadb } from "./mariadb.ts";
import { STACK_PORTS } from "./ports.ts";
import { startRedis } from "./redis.ts";
import { logpulseRoles, startRole } from "./roles.ts";
import type { Keeper, RunningServer } from "./server-process.ts";
import { partDirectory } from "./stack-directory.ts";
import type { Stage } from "./state.ts";

/** One thing that `npm run stack` starts. */
export interface Part {
  readonly name: string;
  readonly stage: Stage;
  readonly port: number;
  start(outlivesUs: Keeper): Promise<RunningServer>;
}

const P = STACK_PORTS;

/** The real servers, on their fixed ports. */
export function serverParts(): Part[] {
  const part = (name: string, port: number, start: (place: Place) => Promise<RunningServer>): Part => ({
    name,
    stage: "servers",
    port,
    start: (outlivesUs) => start({ directory: partDirectory(name), port, outlivesUs }),
  });
  return [
    part("redis", P.redis, startRedis),
    part("mariadb", P.mariadb, startMariadb),
    part("kafka", P.kafka, (place) => startKafka({ ...place, controllerPort: P.kafkaController })),
    part("elasticsearch", P.elasticsearch, (place) =>
      startElasticsearch({ ...place, transportPort: P.elasticsearchTransport }),
    ),
  ];
}

interface Place {
  directory: string;
  port: number;
  outlivesUs: Keeper;
}

/** The roles of LogPulse on those servers, and Envoy before them. */
export function logpulseParts(): Part[] {
  const roles = logpulseRoles({
    kafka: `127.0.0.1:${P.kafka}`,
    elasticsearchUrl: `http://127.0.0.1:${P.elasticsearch}`,
    mysqlUrl: `mysql://logpulse:logpulse@127.0.0.1:${P.mariadb}/logpulse`,
    redisUrl: `redis://127.0.0.1:${P.redis}`,
  });
  return [
    ...roles.map(
      (role): Part => ({
        name: role.name,
        stage: "roles",
        port: role.port,
        start: (keeper) => startRole(role, keeper),
      }),
    ),
    { name: "envoy", stage: "door", port: P.envoy, start: startDoor },
  ];
}

async function startDoor(outlivesUs: Keeper): Promise<RunningServer> {
  const place = { directory: partDirectory("envoy"), port: P.envoy, adminPort: P.envoyAdmin };
  return startEnvoy({ ...place, outlivesUs, config: { yaml: stackEnvoyConfig() } });
}
