import { describe } from "vitest";
import { fullInstallation } from "./full-installation.ts";
import { metricsContract } from "./metrics.contract.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => metricsContract("through Envoy", fullInstallation(servers!)));
