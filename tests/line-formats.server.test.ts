import { describe } from "vitest";
import { fullInstallation } from "./full-installation.ts";
import { lineFormatsContract } from "./line-formats.contract.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => lineFormatsContract("through Envoy", fullInstallation(servers!)));
