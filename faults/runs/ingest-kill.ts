import { setTimeout as sleep } from "node:timers/promises";
import type { Fault, Scene } from "../scene/fault.ts";

const KILLS_PER_TIME = 3;
const IN_FLIGHT_MS_MAX = 25; // So long after a batch was sent its answer may still be on its way.
const INGESTS = ["ingest-1", "ingest-2", "ingest-3"];

/** Row 1. */
export const ingestKill: Fault = {
  name: "ingest-kill",
  summary: "kill -9 of one or two of three ingest processes at random moments, again and again",
  loadSeconds: (times) => 10 * times,
  open: () => {
    let kills = 0;
    return {
      async during(scene) {
        for (let left = KILLS_PER_TIME * scene.times; left > 0 && !scene.load.isOver; left--) {
          await sleep(scene.random.between(200, 1_200));
          await scene.load.nextSend();
          await sleep(scene.random.between(0, IN_FLIGHT_MS_MAX));
          kills += await killSome(scene);
        }
      },
      notes: () => ({ kills }),
    };
  },
};

/** One always lives: Envoy has somebody to send the clients to. */
async function killSome(scene: Scene): Promise<number> {
  const { full, random } = scene;
  const first = random.between(0, 2);
  const victims = [INGESTS[first]!, ...(random.chance(0.3) ? [INGESTS[(first + 1) % 3]!] : [])];
  scene.tell(`kill -9 of ${victims.join(" and ")}`);
  const processes = victims.map((name) => full.roles.get(name)!);
  await Promise.all(processes.map((ingest) => ingest.kill()));
  scene.recovers(); // The others are there.
  await sleep(random.between(0, 500));
  await Promise.all(processes.map((ingest) => ingest.restart()));
  return victims.length;
}
