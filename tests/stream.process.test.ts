import { embeddedInstallation } from "./embedded-installation.ts";
import { streamContract } from "./stream.contract.ts";

streamContract("in one process", embeddedInstallation);
