import { waitUntil } from "../../../stack/wait.ts";
import type { Logger } from "../../ports/logger.ts";

/** Says nothing, but keeps what it was told. */
export function listeningLogger(): Logger & { lines: string[] } {
  const lines: string[] = [];
  const note = (_facts: object, message: string) => void lines.push(message);
  return { lines, debug: note, info: note, warn: note, error: note };
}

/** The adapter, once it has reached Redis; until then it does without. */
export async function connected<Adapter extends { check(): Promise<void> }>(adapter: Adapter): Promise<Adapter> {
  const reached = await waitUntil(async () => {
    await adapter.check();
    return true;
  }, 10_000);
  if (!reached) throw new Error("Redis was not reached in 10 s");
  return adapter;
}
