import { describe } from "vitest";
import { fullInstallation } from "./full-installation.ts";
import { realServers } from "./real-servers.ts";
import { routesContract } from "./routes.contract.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => routesContract("through Envoy", fullInstallation(servers!)));
