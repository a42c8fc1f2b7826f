import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { renderEnvoy } from "../../envoy/render.ts";
import { type RunningEnvoy, startEnvoy } from "../../stack/envoy.ts";
import { freePort } from "../../stack/free-port.ts";
import { startIngest } from "../ingest/ingest-under-test.ts";
import { identitiesInTopic } from "../measure/kafka-identities.ts";
import { ProcessFigures } from "../measure/process-figures.ts";
import type { Installation, Started } from "./installation.ts";

const DESCRIPTORS = join(import.meta.dirname, "..", "..", "gen", "logpulse.binpb");
const DOOR_MS_MAX = 20_000;

/**
 * One ingest process on a Kafka of its own, and Envoy before it: two installations with one log. `settings`: variables of
 * ingest.
 */
export async function startIngestAndDoor(settings: Record<string, string> = {}): Promise<Started> {
  const { ingest, kafka, figures, topic, stop } = await startIngest(settings);
  const envoy = await startDoor(ingest.address);
  const envoyFigures = new ProcessFigures(envoy.pid);
  const shared = {
    settle: async () => {}, // Nothing stores here.
    kept: () => identitiesInTopic(kafka.address, topic),
  };
  const installations: Installation[] = [
    {
      name: "ingest",
      address: ingest.address,
      processes: [figures],
      cpuSeconds: () => ({ ingest: figures.cpuSeconds() }),
      ...shared,
    },
    {
      name: "envoy",
      address: envoy.address,
      processes: [figures, envoyFigures],
      cpuSeconds: () => ({ ingest: figures.cpuSeconds(), envoy: envoyFigures.cpuSeconds() }),
      ...shared,
    },
  ];
  return {
    installations,
    async stop() {
      await envoy.remove();
      await stop();
    },
  };
}

/** Ready when a call of ingest passes it. Nobody is behind its other routes. */
async function startDoor(ingest: string): Promise<RunningEnvoy> {
  const [port, adminPort, unused] = [await freePort(), await freePort(), await freePort()];
  const nobody = [`127.0.0.1:${unused}`];
  const yaml = renderEnvoy({
    listenPort: port,
    adminPort,
    ingest: [ingest],
    query: nobody,
    stats: nobody,
    worker: nobody,
    descriptorPath: DESCRIPTORS,
  });
  const envoy = await startEnvoy({ config: { yaml }, port, adminPort });
  const endMs = performance.now() + DOOR_MS_MAX;
  while (!(await takesLines(envoy.url))) {
    if (performance.now() > endMs) throw new Error(`Envoy does not serve within ${DOOR_MS_MAX} ms`);
    await sleep(200);
  }
  return envoy;
}

async function takesLines(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/upload`, { method: "POST", body: "[]" }); // Envoy listens already.
  await answer.arrayBuffer();
  return answer.ok;
}
