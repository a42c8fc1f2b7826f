import { embeddedInstallation } from "./embedded-installation.ts";
import { generatorLoopContract } from "./generator-loop.contract.ts";

generatorLoopContract("in one process", embeddedInstallation);
