import { setTimeout as sleep } from "node:timers/promises";

const LOOK_EVERY_MS = 50;
const ADMIN_MS_MAX = 2_000;

/** An Envoy that is to end. */
export interface EndingEnvoy {
  /** Its admin interface, "http://127.0.0.1:9901". */
  adminUrl: string;
  /** How long calls under way may take to end, in milliseconds. */
  drainMsMax: number;
  /** Sends SIGTERM, and resolves when the process is gone. */
  terminate: () => Promise<void>;
}

/**
 * Ends an Envoy without cutting calls short: SIGTERM alone ends the process in the middle of all of them.
 *
 * First `/healthz` says 503 and clients are told to go elsewhere (GOAWAY, connection: close) with their next call; then no
 * new connection is taken; then calls under way end, at most for `drainMsMax`; then `terminate`. An admin interface that
 * does not answer is no reason to wait.
 *
 * @returns how many calls were cut because they took longer; 0 where Envoy could not be asked.
 */
export async function drainAndStop({ adminUrl, drainMsMax, terminate }: EndingEnvoy): Promise<number> {
  let callsLeft = 0;
  try {
    await ask(adminUrl, "POST", "/healthcheck/fail");
    await ask(adminUrl, "POST", "/drain_listeners");
    const deadline = performance.now() + drainMsMax;
    do {
      callsLeft = await callsUnderWay(adminUrl);
      if (callsLeft > 0) await sleep(LOOK_EVERY_MS);
    } while (callsLeft > 0 && performance.now() < deadline);
  } catch {
    callsLeft = 0; // It has ended, or hangs: SIGTERM is what is left.
  }
  await terminate();
  return callsLeft;
}

/** Streams and requests of clients that have no answer yet; the admin interface's own do not count. */
async function callsUnderWay(adminUrl: string): Promise<number> {
  const text = await ask(adminUrl, "GET", "/stats?filter=^http\\.door\\.downstream_rq_active$");
  return Number(/: (\d+)/.exec(text)?.[1] ?? 0);
}

async function ask(adminUrl: string, method: string, path: string): Promise<string> {
  const answer = await fetch(adminUrl + path, { method, signal: AbortSignal.timeout(ADMIN_MS_MAX) });
  if (!answer.ok) throw new Error(`Envoy's admin interface answered ${answer.status} to ${path}`);
  return answer.text();
}
