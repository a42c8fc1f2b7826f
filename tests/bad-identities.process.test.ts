import { badIdentitiesContract } from "./bad-identities.contract.ts";
import { embeddedInstallation } from "./embedded-installation.ts";

badIdentitiesContract("in one process", embeddedInstallation);
