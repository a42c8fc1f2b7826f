import { embeddedInstallation } from "./embedded-installation.ts";
import { pagingContract } from "./paging.contract.ts";

pagingContract("in one process", embeddedInstallation);
