import { embeddedInstallation } from "./embedded-installation.ts";
import { tailCommandContract } from "./tail-command.contract.ts";

tailCommandContract("in one process", embeddedInstallation);
