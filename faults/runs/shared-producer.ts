import type { Fault } from "../scene/fault.ts";

/** Row 19: two streams with the same id. */
export const sharedProducer: Fault = {
  name: "shared-producer",
  summary: "two clients at a time share one producer id and send the same records, each in batches of its own",
  loadSeconds: (times) => 5 * times,
  load: { behaviours: { duplicates: 0.1, overlaps: 0.3, shuffledOver: 6 }, sharedProducers: true },
  open: () => ({ during: async () => {} }), // The load is the fault.
};
