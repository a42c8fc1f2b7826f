import { describe } from "vitest";
import { fullInstallation } from "./full-installation.ts";
import { pagingContract } from "./paging.contract.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => pagingContract("through Envoy", fullInstallation(servers!)));
