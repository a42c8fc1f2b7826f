import { describe } from "vitest";
import { askingCommandsContract } from "./asking-commands.contract.ts";
import { fullInstallation } from "./full-installation.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => askingCommandsContract("through Envoy", fullInstallation(servers!)));
