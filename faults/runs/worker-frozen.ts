import { setTimeout as sleep } from "node:timers/promises";
import { Admin } from "@platformatic/kafka";
import type { Fault, Scene } from "../scene/fault.ts";

const STORES = ["elasticsearch", "mysql"];
const TAKE_OVER_MS_MAX = 60_000;
const IN_HAND_MS = { min: 250, max: 450 }; // After a batch was sent: the worker waits for more, then stores.
const ZOMBIE_MS = 3_000; // After it was woken: longer than what it had in hand takes.

/** Row 3. */
export const workerFrozen: Fault = {
  name: "worker-frozen",
  summary:
    "SIGSTOP of a worker past its session, until a second one has all partitions; then SIGCONT: it finishes old work",
  loadSeconds: () => 45, // A session and giving out the partitions anew take about 20 s.
  open: () => {
    let takenOver = 0;
    return {
      async during(scene) {
        const seconds = await Promise.all(STORES.map((store) => scene.startAnother(`worker-${store}`)));
        scene.tell(`second workers run: ${seconds.map(({ pid }) => pid).join(", ")}`);
        await sleep(scene.random.between(3_000, 5_000));
        await Promise.all(STORES.map((store) => freeze(scene, store)));
        takenOver = STORES.length;
        await sleep(ZOMBIE_MS);
      },
      notes: () => ({ takenOver }),
    };
  },
};

async function freeze(scene: Scene, store: string): Promise<void> {
  const worker = scene.full.roles.get(`worker-${store}`)!;
  await scene.load.nextSend();
  await sleep(scene.random.between(IN_HAND_MS.min, IN_HAND_MS.max));
  worker.pause();
  scene.tell(`${worker.name} is frozen`);
  try {
    await untilAlone(scene, `${scene.places.topicPrefix}-${store}`);
    await sleep(scene.random.between(500, 2_000));
  } finally {
    worker.resume();
    scene.recovers();
    scene.tell(`${worker.name} is awake again`);
  }
}

/** Resolves when the group has one member left, and that one has partitions. */
async function untilAlone({ places }: Scene, group: string): Promise<void> {
  const admin = new Admin({ clientId: "faults", bootstrapBrokers: [...places.kafkaBrokers] });
  const endMs = performance.now() + TAKE_OVER_MS_MAX;
  try {
    for (;;) {
      const described = (await admin.describeGroups({ groups: [group] })).get(group);
      const members = [...(described?.members.values() ?? [])];
      // While partitions are given out nobody has any.
      if (members.length === 1 && (members[0]!.assignments?.size ?? 0) > 0) return;
      if (performance.now() > endMs) throw new Error(`nobody took over in ${group} within ${TAKE_OVER_MS_MAX} ms`);
      await sleep(500);
    }
  } finally {
    await admin.close();
  }
}
