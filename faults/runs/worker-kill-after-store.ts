import { workerKillFault } from "../nemesis/self-killing-workers.ts";

/** Row 2, at a marked point. */
export const workerKillAfterStore = workerKillFault(
  "after-store",
  "kill -9 of a worker that has stored a delivery and not committed it",
);
