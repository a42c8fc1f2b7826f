import { startRedis } from "../../stack/redis.ts";
import { serverKillFault } from "../nemesis/server-kill.ts";

/** Row 16: limits fall back to each process's own share. */
export const redisKill = serverKillFault({
  name: "redis",
  summary: "kill -9 of Redis; acknowledgements go on",
  awayMs: { min: 500, max: 4_000 },
  secondsPerTime: 6,
  async start() {
    const server = await startRedis();
    return { server, addresses: { redisUrl: server.url } };
  },
});
