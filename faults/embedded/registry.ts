import type { EmbeddedFault } from "./embedded-fault.ts";
import { embeddedFullDisk } from "./full-disk.ts";
import { embeddedKill } from "./kill.ts";
import { embeddedTornFiles } from "./torn-files.ts";
import { embeddedTwoProcesses } from "./two-processes.ts";

/** Every fault of the embedded mode, in the order in which a series runs them. */
export const EMBEDDED_FAULTS: readonly EmbeddedFault[] = [
  embeddedKill,
  embeddedTornFiles,
  embeddedFullDisk,
  embeddedTwoProcesses,
];
