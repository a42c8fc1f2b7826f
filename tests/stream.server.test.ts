import { describe } from "vitest";
import { fullInstallation } from "./full-installation.ts";
import { realServers } from "./real-servers.ts";
import { streamContract } from "./stream.contract.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => streamContract("through Envoy", fullInstallation(servers!)));
