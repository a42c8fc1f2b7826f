import { setTimeout as sleep } from "node:timers/promises";

const ASK_EVERY_MS = 10;
const FRESH_MS_MAX = 30_000;

/**
 * Sends a record with a word of its own a few times a second until `signal` is aborted, and asks for it until it is
 * found: milliseconds from each acknowledgement to the first answer that has the record.
 */
export async function freshnessMs(address: string, signal: AbortSignal): Promise<number[]> {
  const found: number[] = [];
  for (let probe = 0; !signal.aborted; probe++) {
    const word = `probe${process.pid}x${probe}`;
    await post(`http://${address}/logs`, { service_name: "probe", level: "INFO", message: `freshness ${word}` });
    const ackMs = performance.now();
    while (!(await isFound(address, word))) {
      if (performance.now() - ackMs > FRESH_MS_MAX) throw new Error(`${word} was not found within ${FRESH_MS_MAX} ms`);
      await sleep(ASK_EVERY_MS);
    }
    found.push(performance.now() - ackMs);
    await sleep(200);
  }
  return found;
}

async function post(url: string, body: object): Promise<void> {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (answer.status !== 201) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

async function isFound(address: string, word: string): Promise<boolean> {
  const answer = await fetch(`http://${address}/logs/search?q=${word}`);
  const { count } = (await answer.json()) as { count: number };
  return count === 1;
}
