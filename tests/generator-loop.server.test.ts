import { describe } from "vitest";
import { fullInstallation } from "./full-installation.ts";
import { generatorLoopContract } from "./generator-loop.contract.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => generatorLoopContract("through Envoy", fullInstallation(servers!)));
