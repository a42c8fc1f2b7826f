import { LockTaker } from "../nemesis/lock-taker.ts";
import type { Fault } from "../scene/fault.ts";

/** Row 13. */
export const mysqlDeadlock: Fault = {
  name: "mysql-deadlock",
  summary: "another session takes the same locks in reverse order, or holds them longer than anybody waits",
  loadSeconds: (times) => 8 * times,
  open: ({ random }) => {
    let notes: Record<string, number> = {};
    return {
      async during(scene) {
        const taker = new LockTaker(scene.places.mysqlUrl, random);
        const before = await taker.deadlocks();
        await taker.disturb(() => scene.load.isOver);
        scene.recovers();
        const all = (await taker.deadlocks()) - before;
        notes = { ...taker.counts, deadlocksOfLogPulse: all - taker.counts.ownDeadlocks };
      },
      notes: () => notes,
    };
  },
};
