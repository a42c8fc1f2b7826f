import { join } from "node:path";
import type { Role } from "../../stack/roles.ts";
import type { RunningServer } from "../../stack/server-process.ts";
import { waitUntil } from "../../stack/wait.ts";
import type { Fault, Scene, Stage } from "../scene/fault.ts";
import { KILL_PLAN_VARIABLE, type KillPoint, writeKillPlan } from "./kill-plan.ts";
import { preloaded } from "./preloaded.ts";

const WORKERS = ["worker-elasticsearch", "worker-mysql"];
const KILL_POINTS = join(import.meta.dirname, "kill-points.ts");
const DELIVERIES_MAX = 4; // A worker is killed at its first to fourth delivery.
const LOOK_MS = 10_000;
const AFTER_LOAD_MS_MAX = 30_000; // A session and a rebalance: what was sent last is delivered by then.

/** The worker of each store kills itself at that point, so often as the run says; each time it is started again. */
export function workerKillFault(point: KillPoint, summary: string): Fault {
  return {
    name: `worker-kill-${point}`,
    summary,
    // The group hands a killed worker's partitions out again when its session has ended, after 15 s.
    loadSeconds: (times) => 20 * times,
    open: (stage) => open(stage, point),
  };
}

function open({ directory, times, random }: Stage, point: KillPoint) {
  let kills = 0;
  const planOf = (name: string) => join(directory, `${name}.kill-plan.json`);
  const plan = (name: string) => writeKillPlan(planOf(name), { point, delivery: random.between(1, DELIVERIES_MAX) });
  for (const name of WORKERS) plan(name);
  return {
    role(role: Role): Role {
      if (!WORKERS.includes(role.name)) return role;
      return preloaded(role, KILL_POINTS, { [KILL_PLAN_VARIABLE]: planOf(role.name) });
    },
    async during(scene: Scene) {
      const watch = async (name: string) => {
        const worker = scene.full.roles.get(name)!;
        for (let left = times; left > 0; left--) {
          const ended = await untilEnded(worker, scene);
          if (ended) kills++;
          if (ended && left > 1) plan(name);
          else writeKillPlan(planOf(name), { delivery: 0 });
          scene.tell(`${name} has${ended ? "" : " not"} killed itself ${point}`);
          if (!(await restarted(worker, ended && left > 1))) continue; // It has done it again, before it was ready.
          scene.recovers();
          if (!ended) return;
        }
      };
      await Promise.all(WORKERS.map(watch));
      if (kills < WORKERS.length) throw new Error(`there were ${kills} kills: too few deliveries`);
    },
    notes: () => ({ kills }),
  };
}

/** Starts it again. False where it has ended once more while it did, which is only right where it has a plan. */
async function restarted(worker: RunningServer, hasPlan: boolean): Promise<boolean> {
  try {
    await worker.restart();
    return true;
  } catch (reason) {
    if (hasPlan && !worker.alive()) return false;
    throw reason;
  }
}

/** @returns false where the load is over for so long that no delivery comes any more. */
async function untilEnded(worker: RunningServer, { load }: Scene): Promise<boolean> {
  while (!load.isOver) {
    if (await waitUntil(() => !worker.alive() || load.isOver, LOOK_MS)) break;
  }
  return waitUntil(() => !worker.alive(), AFTER_LOAD_MS_MAX);
}
