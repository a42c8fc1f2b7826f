/** Redis was not asked: nothing can have been carried out. Never leaves this folder: each adapter does without Redis then. */
export class NotAsked extends Error {}

/** Words with which Redis answers while it cannot work: it is as good as away. */
const CANNOT_WORK = /^(LOADING|BUSY|MASTERDOWN|READONLY|CLUSTERDOWN|NOREPLICAS|MISCONF|OOM|NOAUTH|NOPERM|WRONGPASS)/;

/** True where Redis answered, and said no to this one command. */
export function isRefusedByRedis(reason: unknown): boolean {
  return reason instanceof Error && reason.name === "ReplyError" && !CANNOT_WORK.test(reason.message);
}
