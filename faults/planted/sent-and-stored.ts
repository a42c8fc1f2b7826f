import type { StoreName } from "../checker/stored-copy.ts";
import { IngestDoor, type SentRecord } from "./ingest-door.ts";
import type { PlantedRun } from "./planted-run.ts";
import { type Fronts, startWorker } from "./worker-process.ts";

/** The plainest scene: several batches, a few of their records invalid, and a worker. @returns the batches as sent. */
export async function sentAndStored(run: PlantedRun, store: StoreName, fronts: Fronts = {}): Promise<SentRecord[][]> {
  const door = await IngestDoor.open(run);
  const [one, other] = [door.sender(), door.sender()];
  const sent: SentRecord[][] = [];
  for (let batch = 0; batch < 3; batch++) sent.push(await door.send(one, 300), await door.send(other, 100));
  await startWorker(run, store, fronts);
  await run.drained();
  return sent;
}
