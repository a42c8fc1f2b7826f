import type { Logger } from "../ports/logger.ts";
import type { Part } from "../runtime/shutdown.ts";

const TELL_EVERY_MS = 10_000;

/** Writes counts to our own log, every ten seconds while they change and once at the end. */
export function toldCounts(name: string, counts: () => object, logger: Logger): Part {
  let told = JSON.stringify(counts());
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    const now = JSON.stringify(counts());
    if (now === told) return;
    told = now;
    logger.info({ [name]: counts() }, `${name} so far`);
  };
  return {
    name: `counts of ${name}`,
    async start() {
      timer = setInterval(tell, TELL_EVERY_MS);
      timer.unref();
    },
    async stop() {
      clearInterval(timer);
      tell();
    },
  };
}
