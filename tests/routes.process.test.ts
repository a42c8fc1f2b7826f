import { embeddedInstallation } from "./embedded-installation.ts";
import { routesContract } from "./routes.contract.ts";

routesContract("in one process", embeddedInstallation, { status: 405, code: 12 });
