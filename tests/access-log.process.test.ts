import { accessLogContract } from "./access-log.contract.ts";
import { embeddedInstallation } from "./embedded-installation.ts";

accessLogContract("in one process", embeddedInstallation);
