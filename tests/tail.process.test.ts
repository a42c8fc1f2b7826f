import { embeddedInstallation } from "./embedded-installation.ts";
import { tailContract } from "./tail.contract.ts";

tailContract("in one process", embeddedInstallation);
