import { embeddedInstallation } from "./embedded-installation.ts";
import { metricsContract } from "./metrics.contract.ts";

metricsContract("in one process", embeddedInstallation);
