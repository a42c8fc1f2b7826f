import { startMariadb } from "../../stack/mariadb.ts";
import { serverKillFault } from "../nemesis/server-kill.ts";

/** Row 14. */
export const mysqlKill = serverKillFault({
  name: "mariadb",
  summary: "kill -9 of the SQL server in the middle of transactions",
  awayMs: { min: 0, max: 5_000 },
  secondsPerTime: 8,
  async start() {
    const server = await startMariadb();
    return { server, addresses: { mysqlUrl: server.url } };
  },
});
