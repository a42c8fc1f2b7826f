import { describe } from "vitest";
import { accessLogFiguresContract } from "./access-log-figures.contract.ts";
import { fullInstallation } from "./full-installation.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => accessLogFiguresContract("through Envoy", fullInstallation(servers!)));
