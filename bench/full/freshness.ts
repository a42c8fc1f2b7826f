import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const PROBE_EVERY_MS = 290; // No divisor of a refresh's second: probes meet every part of it.
const LOOK_EVERY_MS = 100;
const FRESH_MS_MAX = 30_000;

/**
 * Writes a record every 290 ms until `signal` is aborted, and searches for all of them together, by a word that they
 * share: milliseconds from each acknowledgement to the first answer that has the record, about 130 too many at most.
 *
 * @throws Error where a record is not found within 30 s.
 */
export async function freshnessMs(url: string, signal: AbortSignal): Promise<number[]> {
  const word = `probe${randomBytes(6).toString("hex")}`;
  const acknowledgedMs = new Map<string, number>();
  const found: number[] = [];
  const over = new AbortController();
  const looking = look();
  for (; !signal.aborted; await sleep(PROBE_EVERY_MS)) acknowledgedMs.set(await write(url, word), performance.now());
  over.abort();
  await looking;
  return found;

  async function look(): Promise<void> {
    while (!over.signal.aborted || acknowledgedMs.size > 0) {
      const ids = await foundIds(url, word);
      const nowMs = performance.now();
      for (const id of ids) {
        const ms = acknowledgedMs.get(id);
        if (ms !== undefined) found.push(nowMs - ms);
        acknowledgedMs.delete(id);
      }
      const late = [...acknowledgedMs].find(([, ms]) => nowMs - ms > FRESH_MS_MAX);
      if (late) throw new Error(`${late[0]} was not found within ${FRESH_MS_MAX} ms`);
      await sleep(LOOK_EVERY_MS);
    }
  }
}

async function write(url: string, word: string): Promise<string> {
  const body = JSON.stringify({ service_name: "probe", level: "INFO", message: `freshness ${word}` });
  const answer = await fetch(`${url}/logs`, { method: "POST", body });
  if (answer.status !== 201) throw new Error(`/logs answered ${answer.status}: ${await answer.text()}`);
  const { id } = (await answer.json()) as { id: string };
  return id;
}

/** The newest 50. */
async function foundIds(url: string, word: string): Promise<string[]> {
  const answer = await fetch(`${url}/logs/search?q=${word}`);
  if (!answer.ok) throw new Error(`/logs/search answered ${answer.status}: ${await answer.text()}`);
  const { data } = (await answer.json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}
