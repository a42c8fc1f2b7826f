import { describe } from "vitest";
import { fullInstallation } from "./full-installation.ts";
import { realServers } from "./real-servers.ts";
import { tailContract } from "./tail.contract.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => tailContract("through Envoy", fullInstallation(servers!)));
