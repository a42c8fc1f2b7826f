import type { Fault } from "../scene/fault.ts";

/** Row 19 of the fault matrix. */
export const clientRetries: Fault = {
  name: "client-retries",
  summary: "clients send batches up to three times, shuffled, cut anew, over connections that break in the middle",
  loadSeconds: (times) => 5 * times,
  load: { behaviours: { duplicates: 0.4, overlaps: 0.3, shuffledOver: 12 }, cuts: true },
  open: () => ({ during: async () => {} }), // The load is the fault.
};
