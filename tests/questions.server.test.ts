import { describe } from "vitest";
import { fullInstallation } from "./full-installation.ts";
import { questionsContract } from "./questions.contract.ts";
import { realServers } from "./real-servers.ts";

const servers = realServers();

describe.runIf(servers)("through Envoy", () => questionsContract("through Envoy", fullInstallation(servers!)));
