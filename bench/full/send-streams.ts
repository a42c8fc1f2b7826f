import { join } from "node:path";
import type { StreamLoad, StreamLoadResult } from "../load/stream-load.ts";
import { runScript } from "../measure/child.ts";
import type { Sent } from "./stored-records.ts";

const LOAD = join(import.meta.dirname, "..", "load", "stream-load.ts");

/** At most how many streams there are for so many addresses: a multiple of three, for as many partitions. */
const STREAMS_PER_ADDRESS = { one: 6, several: 3 };

/** Records that were acknowledged, and how long that took. */
export interface Acknowledged extends Sent {
  records: number;
  /** When the first batch was sent, by `performance.now()`. */
  startMs: number;
  seconds: number;
}

/**
 * Sends at least so many records by Upload streams, as fast as they are taken, a load process for each address.
 *
 * @throws Error where one record was not accepted.
 */
export async function sendByStreams(
  addresses: readonly string[],
  records: number,
  recordsPerBatch: number,
): Promise<Acknowledged> {
  const streams = addresses.length === 1 ? STREAMS_PER_ADDRESS.one : STREAMS_PER_ADDRESS.several;
  const batchesPerStream = Math.ceil(records / recordsPerBatch / streams / addresses.length);
  const loads = await Promise.all(
    addresses.map(async (address) => {
      const load: StreamLoad = { address, streams, batchesPerStream, recordsPerBatch };
      const result = await runScript<StreamLoadResult>(LOAD, load);
      return { ...result, startMs: performance.now() - 1_000 * result.wallSeconds };
    }),
  );
  const sent = batchesPerStream * streams * addresses.length * recordsPerBatch;
  const accepted = loads.reduce((sum, load) => sum + load.accepted, 0);
  if (accepted !== sent) throw new Error(`${accepted} of ${sent} records were accepted`);
  const startMs = Math.min(...loads.map((load) => load.startMs));
  return {
    producers: loads.flatMap((load) => load.producers),
    recordsPerProducer: batchesPerStream * recordsPerBatch,
    records: sent,
    startMs,
    seconds: Math.max(...loads.map((load) => load.startMs / 1_000 + load.wallSeconds)) - startMs / 1_000,
  };
}
