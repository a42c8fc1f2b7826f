/** Run by server-process.test.ts: starts a server in the given folder, tells its number, and waits to be killed. */
import { freePort } from "./free-port.ts";
import { serverDirectory, startServer } from "./server-process.ts";

const server = await startServer({
  name: "sleeper",
  command: "sleep",
  args: ["60"],
  port: await freePort(),
  directory: serverDirectory("sleeper", process.argv[2]),
  outlivesUs: undefined,
  healthy: async () => true,
  startMsMax: 5_000,
});
console.log(server.pid);
setInterval(() => {}, 1_000);
