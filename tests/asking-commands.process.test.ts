import { askingCommandsContract } from "./asking-commands.contract.ts";
import { embeddedInstallation } from "./embedded-installation.ts";

askingCommandsContract("in one process", embeddedInstallation);
