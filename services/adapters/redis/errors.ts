/** Redis was not asked: nothing can have been carried out. Never leaves this folder: each adapter does without Redis then. */
export class NotAsked extends Error {}

/** Words with which Redis answers while it cannot work: it is as good as away. */
const CANNOT_WORK = /^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|NOAUTH|NOPERM|WRONGPASS)/;

/**
 * True where Redis answered, and said no to this one command: also where it refuses all that would change its data (MISCONF,
 * OOM, READONLY, NOREPLICAS), while it answers questions.
 */
export function isRefusedByRedis(reason: unknown): reason is Error {
  return reason instanceof Error && reason.name === "ReplyError" && !CANNOT_WORK.test(reason.message);
}

/** True where the connection leads to a replica, which maybe was the primary before: another one may lead to the primary. */
export function isFromReplica(reason: Error): boolean {
  return reason.message.startsWith("READONLY");
}
