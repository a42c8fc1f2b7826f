import { describe } from "vitest";
import { accessLogContract } from "./access-log.contract.ts";
import { fullInstallation } from "./full-installation.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => accessLogContract("through Envoy", fullInstallation(servers!)));
