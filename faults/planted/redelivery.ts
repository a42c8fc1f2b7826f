import type { StoreName } from "../checker/stored-copy.ts";
import { Crash } from "./crash.ts";
import { IngestDoor, type SentRecord } from "./ingest-door.ts";
import type { PlantedRun } from "./planted-run.ts";
import { startWorker } from "./worker-process.ts";

/**
 * A worker stores what it was given and dies before it commits; the next one is given the same again. `between`: what
 * happens before the next one begins. @returns what was stored twice or not, as it was sent.
 */
export async function redelivered(
  run: PlantedRun,
  store: StoreName,
  between: () => void = () => {},
): Promise<SentRecord[]> {
  const door = await IngestDoor.open(run);
  const [one, other] = [door.sender(), door.sender()];
  const sent = [...(await door.send(one, 150)), ...(await door.send(other, 50)), ...(await door.send(one, 150))];
  const crash = new Crash();
  const dying = await startWorker(run, store, { reader: (reader) => crash.beforeCommit(reader) });
  await crash.happened;
  await dying.stop();
  between();
  await startWorker(run, store);
  await run.drained();
  return sent;
}
