import { ProcessFigures } from "../measure/process-figures.ts";
import type { FullUnderTest } from "./full-under-test.ts";
import { type KeptOnce, keptOnce } from "./kept-once.ts";
import { sendByStreams } from "./send-streams.ts";
import type { StoredRecords } from "./stored-records.ts";

const SERVERS = ["kafka", "elasticsearch", "mariadb"];

/** How one worker made up for the time in which it was away. */
export interface CaughtUp {
  worker: string;
  /** From its start until it was ready: its group has let it in. */
  readySeconds: number;
  /** From its start until its store had everything. */
  seconds: number;
  recordsPerSecond: number;
  cpuSeconds: number;
  /** The most that it held since its start. */
  memoryPeakMiB: number;
}

/** What was written while the workers were away, and what they did when they came back. */
export interface Backlog {
  records: number;
  acknowledgedPerSecond: number;
  caughtUp: CaughtUp[];
  /** What the servers spent meanwhile. */
  serverCpuSeconds: Record<string, number>;
  kept: KeptOnce;
}

/** Ends both workers, writes a backlog, starts both at once. @throws Error where a record is lost or stored twice. */
export async function backlogOf(
  records: number,
  recordsPerBatch: number,
  full: FullUnderTest,
  stored: StoredRecords,
): Promise<Backlog> {
  const writtenBefore = await stored.documentsWritten();
  await Promise.all(full.workers.map((worker) => worker.stop()));
  const sent = await sendByStreams([full.door], records, recordsPerBatch);
  const [startMs, before] = [performance.now(), full.cpuSeconds()];
  const untilStored = [() => stored.untilWritten(writtenBefore + sent.records), () => stored.untilSettled(sent)];
  const caughtUp = await Promise.all(
    full.workers.map(async (worker, index): Promise<CaughtUp> => {
      const [readyMs, storedMs] = await Promise.all([
        worker.restart().then(() => performance.now()),
        untilStored[index]!(),
      ]);
      const figures = new ProcessFigures(worker.pid);
      const seconds = (storedMs - startMs) / 1_000;
      return {
        worker: worker.name,
        readySeconds: Number(((readyMs - startMs) / 1_000).toFixed(2)),
        seconds: Number(seconds.toFixed(2)),
        recordsPerSecond: Math.round(sent.records / seconds),
        cpuSeconds: figures.cpuSeconds(),
        memoryPeakMiB: Math.round(figures.memoryPeakMiB()),
      };
    }),
  );
  const after = full.cpuSeconds();
  const spent = SERVERS.map((name) => [name, Number((after[name]! - before[name]!).toFixed(2))] as const);
  return {
    records: sent.records,
    acknowledgedPerSecond: Math.round(sent.records / sent.seconds),
    caughtUp,
    serverCpuSeconds: Object.fromEntries(spent),
    kept: await keptOnce(stored, sent),
  };
}
