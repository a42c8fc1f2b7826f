import { workerKillFault } from "../nemesis/self-killing-workers.ts";

/** Row 2, at a marked point. */
export const workerKillAfterFetch = workerKillFault(
  "after-fetch",
  "kill -9 of a worker that has fetched a delivery and stored nothing of it",
);
