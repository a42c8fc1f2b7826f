import { accessLogFiguresContract } from "./access-log-figures.contract.ts";
import { embeddedInstallation } from "./embedded-installation.ts";

accessLogFiguresContract("in one process", embeddedInstallation);
