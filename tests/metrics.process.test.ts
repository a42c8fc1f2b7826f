import { embeddedInstallation } from "./embedded-installation.ts";
import { metricsContract } from "./metrics.contract.ts";

metricsContract("in one process", embeddedInstallation, ["logpulse_store_settled_seconds"]);
