import { Admin } from "@platformatic/kafka";
import type { CheckResult } from "../checker/check-result.ts";
import type { Fault, Scene } from "../scene/fault.ts";

const STORES = ["elasticsearch", "mysql"] as const;

/** Row 11. */
export const topicReplay: Fault = {
  name: "topic-replay",
  summary: "the groups of all workers are set back to the beginning of the topic: nothing changes, statistics included",
  loadSeconds: (times) => 5 * times,
  load: { behaviours: { duplicates: 0.2, overlaps: 0.2, shuffledOver: 6 } },
  open: () => ({
    during: async () => {},
    async after(scene) {
      const before = await scene.check();
      scene.tell("setting all groups back to the beginning");
      await setBack(scene);
      await scene.drained();
      return differences(before, await scene.check());
    },
  }),
};

/** A group can be set back while nobody is in it. */
async function setBack({ full, places }: Scene): Promise<void> {
  const workers = STORES.map((store) => full.roles.get(`worker-${store}`)!);
  await Promise.all(workers.map((worker) => worker.stop()));
  const admin = new Admin({ clientId: "faults", bootstrapBrokers: [...places.kafkaBrokers] });
  try {
    await admin.deleteGroups({ groups: STORES.map((store) => `${places.topicPrefix}-${store}`) });
  } finally {
    await admin.close();
  }
  await Promise.all(workers.map((worker) => worker.restart()));
}

function differences(before: CheckResult, after: CheckResult): string[] {
  const changed = STORES.filter((store) => before.stores[store]!.fingerprint !== after.stores[store]!.fingerprint);
  return changed.map((store) => `${store} was changed by the replay`);
}
