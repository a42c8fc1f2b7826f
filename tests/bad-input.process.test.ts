import { badInputContract } from "./bad-input.contract.ts";
import { embeddedInstallation } from "./embedded-installation.ts";

badInputContract("in one process", embeddedInstallation);
