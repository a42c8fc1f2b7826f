import { embeddedInstallation } from "./embedded-installation.ts";
import { lineFormatsContract } from "./line-formats.contract.ts";

lineFormatsContract("in one process", embeddedInstallation);
