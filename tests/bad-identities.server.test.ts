import { describe } from "vitest";
import { badIdentitiesContract } from "./bad-identities.contract.ts";
import { fullInstallation } from "./full-installation.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => badIdentitiesContract("through Envoy", fullInstallation(servers!)));
