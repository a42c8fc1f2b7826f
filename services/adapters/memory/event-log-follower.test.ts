import { eventLogFollowerContract } from "../../ports/event-log-follower.contract.ts";
import { systemClock } from "../../runtime/system-clock.ts";
import { MemoryEventLog } from "./event-log.ts";
import { MemoryEventLogFollower } from "./event-log-follower.ts";

const BYTES_MAX = 16 * 2 ** 20;

eventLogFollowerContract("memory", async () => {
  const log = new MemoryEventLog(3, BYTES_MAX);
  const follower = new MemoryEventLogFollower(log, systemClock);
  return {
    log,
    follower,
    trimTo: async (partition, offset) => {
      log.positionsOf("the only group")[partition] = Number(offset);
      await log.append(0, [new Uint8Array(BYTES_MAX)]).catch(() => undefined); // It finds no room, but makes some.
    },
    close: async () => {
      await follower.close();
      await log.close();
    },
  };
});
