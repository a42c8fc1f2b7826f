import { setTimeout as sleep } from "node:timers/promises";
import { OTHER_PARTS_STOP_SHARE } from "../domain/limits.ts";
import type { Log } from "./logger.ts";

/** Something that runs for as long as the process does. */
export interface Part {
  name: string;
  /** Resolves when the part can be used. A signal that is aborted meanwhile means: give up waiting. */
  start(signal: AbortSignal): Promise<void>;
  /** Tells callers that it is about to stop, and serves them as before. Left out: it has none. */
  announceStop?(): void;
  /** Lets what is inside run out, then frees everything. Also called where `start` failed or was given up. */
  stop(): Promise<void>;
}

/** The slice of `process` that is used: tests have their own. */
export interface ProcessEvents {
  on(event: "SIGTERM" | "SIGINT", listener: () => void): unknown;
  on(event: "uncaughtException" | "unhandledRejection", listener: (reason: unknown) => void): unknown;
  exit(code: number): void;
}

/** How a process ends. */
export interface RunSettings {
  log: Log;
  process: ProcessEvents;
  /** How long parts that have announced their stop go on serving, so that those who balance hear of it before callers do. */
  stopNoticeMs: number;
  /** From then on for all parts together; then the process exits with 1, whatever is left. */
  drainMsMax: number;
}

/**
 * Starts the parts in their order and keeps them until SIGTERM or SIGINT. Then they announce it, and after the notice
 * they stop in reverse order and the process exits: with 0, or with 1 where a part would not start or stop, or after an
 * error that nobody caught (logged; what is in flight still drains, without notice: such a process serves nobody new).
 * A second signal exits at once. The last part is the first to stop: let it be the server.
 *
 * Resolves when all parts have started, or the process is on its way out.
 */
export async function runParts(parts: readonly Part[], settings: RunSettings): Promise<void> {
  const { log, process, stopNoticeMs } = settings;
  const giveUpStarting = new AbortController();
  const started: Part[] = [];
  const fault = new AbortController();
  let stopping = false;

  const stop = async (exitCode: number, noticeMs: number): Promise<void> => {
    stopping = true;
    giveUpStarting.abort(new Error("the process is stopping"));
    if (noticeMs > 0) await giveNotice(started, noticeMs, fault.signal);
    const allStopped = await stopParts(started.toReversed(), settings);
    const code = allStopped && !fault.signal.aborted ? exitCode : 1;
    log.info({ exitCode: code }, "stopped");
    process.exit(code);
  };
  const onSignal = (name: "SIGTERM" | "SIGINT", signalNumber: number) => () => {
    if (stopping) {
      log.warn({ signal: name }, "a second signal: exiting at once");
      return process.exit(128 + signalNumber);
    }
    log.info({ signal: name }, "stopping");
    void stop(0, stopNoticeMs);
  };
  const onFault = (what: string) => (reason: unknown) => {
    log.fatal({ err: reason }, what);
    fault.abort();
    if (!stopping) void stop(1, 0);
  };
  process.on("SIGTERM", onSignal("SIGTERM", 15));
  process.on("SIGINT", onSignal("SIGINT", 2));
  process.on("uncaughtException", onFault("an exception that nobody caught: stopping"));
  process.on("unhandledRejection", onFault("a rejection that nobody handled: stopping"));

  for (const part of parts) {
    if (stopping) return;
    started.push(part);
    try {
      await part.start(giveUpStarting.signal);
    } catch (reason) {
      if (stopping) return;
      if (isAddressProblem(reason))
        log.fatal({ part: part.name }, `cannot start: ${reason.message}; see LOGPULSE_LISTEN`);
      else log.fatal({ err: reason, part: part.name }, "cannot start");
      return stop(1, 0);
    }
  }
}

/** A port that is taken, or an address that is not ours: no stack helps with it. */
function isAddressProblem(reason: unknown): reason is Error {
  const codes = ["EADDRINUSE", "EADDRNOTAVAIL", "EACCES"];
  return (
    reason instanceof Error && "syscall" in reason && reason.syscall === "listen" && codes.includes(codeOf(reason))
  );
}

function codeOf(reason: Error): string {
  return "code" in reason ? String(reason.code) : "";
}

/** Resolves at once where nobody has callers, as before the server has started; and at a fault: nobody is served then. */
async function giveNotice(parts: readonly Part[], noticeMs: number, fault: AbortSignal): Promise<void> {
  const announcing = parts.filter((part) => part.announceStop !== undefined);
  for (const part of announcing) part.announceStop?.();
  if (announcing.length > 0) await sleep(noticeMs, undefined, { signal: fault }).catch(() => {});
}

/** Stops one after the other; true if all did. One that hangs is left when the others' time would be used up. */
async function stopParts(parts: readonly Part[], { log, drainMsMax }: RunSettings): Promise<boolean> {
  const endMs = performance.now() + drainMsMax;
  const msForEach = (drainMsMax * OTHER_PARTS_STOP_SHARE) / parts.length;
  let allStopped = true;
  for (const [index, part] of parts.entries()) {
    const msForOthers = (parts.length - index - 1) * msForEach;
    const msMax = Math.max(msForEach, endMs - performance.now() - msForOthers);
    try {
      if (await settlesWithin(part.stop(), msMax)) continue;
      log.error({ part: part.name, msMax: Math.round(msMax) }, "did not stop in time: left behind");
    } catch (reason) {
      log.error({ err: reason, part: part.name }, "failed to stop");
    }
    allStopped = false;
  }
  return allStopped;
}

async function settlesWithin(stopped: Promise<void>, msMax: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), msMax);
  });
  try {
    return await Promise.race([stopped.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
