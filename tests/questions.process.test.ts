import { embeddedInstallation } from "./embedded-installation.ts";
import { questionsContract } from "./questions.contract.ts";

questionsContract("in one process", embeddedInstallation);
