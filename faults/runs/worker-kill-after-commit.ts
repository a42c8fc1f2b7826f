import { workerKillFault } from "../nemesis/self-killing-workers.ts";

/** Row 2, at a marked point. */
export const workerKillAfterCommit = workerKillFault(
  "after-commit",
  "kill -9 of a worker as soon as it has committed a delivery",
);
