import { describe } from "vitest";
import { badInputContract } from "./bad-input.contract.ts";
import { fullInstallation } from "./full-installation.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => badInputContract("through Envoy", fullInstallation(servers!)));
