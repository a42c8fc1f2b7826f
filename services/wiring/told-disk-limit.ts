import { DISK_LOOK_EVERY_MS } from "../domain/limits.ts";
import type { Part } from "../runtime/shutdown.ts";
import type { OverDiskLimit } from "../worker/disk-limit.ts";

const MiB = 1024 * 1024;

/**
 * Tells, whenever it changes, why no record may be taken because of the store's size; null when they may be again.
 *
 * `over`: as RetentionLoop has it.
 */
export function toldDiskLimit(
  over: () => OverDiskLimit | undefined,
  tell: (refusal: string | null) => void,
  lookEveryMs = DISK_LOOK_EVERY_MS,
): Part {
  let told: string | null = null;
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    const found = over();
    const refusal = found ? refusalOf(found) : null;
    if ((refusal === null) === (told === null)) return; // Only the number may be another one.
    told = refusal;
    tell(refusal);
  };
  return {
    name: "disk limit",
    async start() {
      timer = setInterval(look, lookEveryMs);
    },
    async stop() {
      clearInterval(timer);
    },
  };
}

function refusalOf({ usedBytes, bytesMax }: OverDiskLimit): string {
  const [used, most] = [usedBytes, bytesMax].map((bytes) => Math.round(bytes / MiB));
  return `the store uses ${used} MiB, it may use ${most} (LOGPULSE_DISK_MIB), and all it has are its two newest days`;
}
