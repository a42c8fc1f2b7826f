/** Run by servers.server.test.ts: starts an Envoy that outlives this process, tells its number, and ends. */
import { startEnvoy } from "./envoy.ts";

const [directory, path, port] = process.argv.slice(2);
await startEnvoy({
  directory,
  config: { path: path! },
  port: Number(port),
  outlivesUs: { remember: (_name, identity) => console.log(identity.pid) },
});
process.exit(0);
