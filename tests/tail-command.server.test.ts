import { describe } from "vitest";
import { fullInstallation } from "./full-installation.ts";
import { realServers } from "./real-servers.ts";
import { tailCommandContract } from "./tail-command.contract.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => tailCommandContract("through Envoy", fullInstallation(servers!)));
