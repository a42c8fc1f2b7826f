import { setTimeout as sleep } from "node:timers/promises";
import { uploadBatches } from "../../clients/upload-batches.ts";
import { HOUR_QUIET_MS_MIN, HOUR_SUMS_EVERY_MS } from "../../services/domain/limits.ts";
import { choice, readOptions } from "../measure/options.ts";
import { publish, type Ratio, reportHead, table } from "../measure/report.ts";
import { QueryCorpus } from "./corpus.ts";
import { embeddedUnderTest, fullUnderTest, type InstallationUnderTest } from "./installation-under-test.ts";
import { openLoop } from "./open-loop.ts";
import { measureSearches, type SearchReport } from "./searches.ts";
import { type Clients, clientsOf, type Shape, shapes } from "./shapes.ts";
import { measureStatistics } from "./statistics.ts";
import { summary, type Timing, timed } from "./timings.ts";

const COLD_ROUNDS = 5;
const HOT_RUNS = 20;
const CLIENTS_AT_ONCE = 8;
const RUNS_OF_EIGHT = 5;
const STORED_MS_MAX = 1_800_000;
const QUIET_MS = HOUR_QUIET_MS_MIN + 2 * HOUR_SUMS_EVERY_MS; // Until the hours of what was stored are summed up.

const STARTS = { embedded: [embeddedUnderTest], full: [fullUnderTest], both: [embeddedUnderTest, fullUnderTest] };
const OPTIONS = {
  records: { option: "records", usual: 1_000_000, min: 10_000, max: 5_000_000 },
  mode: choice("mode", "both", ["embedded", "full", "both"]),
  /** Records a second that come in while questions are asked under load. */
  load: { option: "load", usual: 2_000, min: 100, max: 50_000 },
};

/** Twelve questions over many records, in both modes; prints the figures, and writes them where told. */
export async function benchQuery(args: string[]): Promise<void> {
  const { options, files, command } = readOptions("query", args, OPTIONS);
  const { records, mode, load } = options;
  const modes: ModeReport[] = [];
  for (const start of STARTS[mode]) modes.push(await benchMode(start, records, load));
  const report = { ...reportHead(command, ratiosOf(modes)), dataSha256OfFirst100000: QueryCorpus.sha256(), modes };
  const beside = modes.flatMap(({ searches }) => (searches ? [searchTable(searches)] : []));
  publish(report, [...modes.map(tableOf), ...beside], files.report);
}

type ModeReport = Awaited<ReturnType<typeof benchMode>>;

async function benchMode(start: () => Promise<InstallationUnderTest>, records: number, load: number) {
  const installation = await start();
  try {
    const corpus = new QueryCorpus(records, Date.now());
    const startMs = performance.now();
    const { accepted } = await uploadBatches(installation.address(), corpus.batches());
    await untilStored(installation, corpus);
    const loadedSeconds = Math.round((performance.now() - startMs) / 1_000);
    console.error(`${installation.mode}: ${accepted} records are stored after ${loadedSeconds} s`);
    await sleep(QUIET_MS);
    const asked = shapes(corpus);
    const cold = await coldTimings(installation, asked);
    const hot = await each(asked, (shape) => timed(shape, [clientsOf(urlOf(installation))], HOT_RUNS));
    const eight = Array.from({ length: CLIENTS_AT_ONCE }, () => clientsOf(urlOf(installation)));
    const atOnce = await each(asked, (shape) => timed(shape, eight, RUNS_OF_EIGHT));
    const statistics = await measureStatistics(clientsOf(urlOf(installation)), corpus, installation.elasticsearch);
    const { elasticsearch } = installation;
    const searches = elasticsearch && (await measureSearches(clientsOf(urlOf(installation)), asked, elasticsearch));
    const underLoad = await whileIngesting(installation, asked, load);
    return {
      mode: installation.mode,
      records: Number(accepted),
      loadedSeconds,
      quietSeconds: QUIET_MS / 1_000,
      coldMeans: installation.coldMeans,
      underLoad: `while ${load} records per second come in`,
      shapes: asked.map(({ name }) => ({
        name,
        coldMs: cold.get(name),
        hotMs: hot.get(name),
        eightClientsMs: atOnce.get(name),
        underLoadMs: underLoad.get(name),
      })),
      statistics,
      searches,
    };
  } finally {
    await installation.stop();
  }
}

/** Of what Elasticsearch was asked for as well: the other questions of an installation have no floor. */
function ratiosOf(modes: readonly ModeReport[]): Record<string, Ratio> {
  const beside = modes.flatMap(({ statistics }) => statistics.flatMap(({ elasticsearch }) => elasticsearch ?? []));
  const searches = modes.flatMap((mode) => mode.searches ?? []);
  const ratios = [...beside.map(({ timesAsLong }) => timesAsLong), ...searches.map(({ shareOfOurs }) => shareOfOurs)];
  return Object.fromEntries(ratios.map((ratio) => [ratio.what, ratio]));
}

function tableOf({ mode, records, shapes }: ModeReport): string {
  const cell = (timing: Timing | undefined) => {
    if (timing === undefined) return "";
    return `${timing.p50} / ${timing.p95}${timing.refused ? ` (${timing.refused} refused)` : ""}`;
  };
  return table(
    [`${mode}, ${records} records: p50 / p95 in ms`, "cold", "hot", "eight clients", "under load"],
    shapes.map(({ name, coldMs, hotMs, eightClientsMs, underLoadMs }) => [
      name,
      ...[coldMs, hotMs, eightClientsMs, underLoadMs].map(cell),
    ]),
  );
}

function searchTable(searches: readonly SearchReport[]): string {
  return table(
    ["p50 / p95 in ms", "ours", "Elasticsearch itself", "added to p95"],
    searches.map(({ name, ours, elasticsearch, addedMsP95 }) => [
      name,
      `${ours.p50} / ${ours.p95}`,
      `${elasticsearch.p50} / ${elasticsearch.p95}`,
      addedMsP95,
    ]),
  );
}

function urlOf(installation: InstallationUnderTest): string {
  return `http://${installation.address()}`;
}

/** All records are found, and all requests are counted. */
async function untilStored(installation: InstallationUnderTest, corpus: QueryCorpus): Promise<void> {
  const { query, stats } = clientsOf(urlOf(installation));
  const requests = [...corpus.latencies.values()].reduce((sum, values) => sum + values.length, 0);
  const day = 86_400n;
  const startTime = { seconds: BigInt(corpus.startMs / 1_000), nanos: 0 };
  const endTime = { ...startTime, seconds: startTime.seconds + day };
  const endMs = performance.now() + STORED_MS_MAX;
  for (;;) {
    await sleep(2_000);
    try {
      const { total } = await query.getHistogram({ startTime, endTime, bucketsMax: 1 });
      const counted = (await stats.getErrors({ startTime, endTime })).all?.requests;
      if (total === corpus.count && counted === requests) return;
      console.error(`${total} records found, ${counted} requests counted`);
    } catch (reason) {
      console.error(String(reason)); // Stores that have much to write answer late.
    }
    if (performance.now() > endMs) throw new Error(`not all records were stored within ${STORED_MS_MAX} ms`);
  }
}

/** The first answer to each question after everything was forgotten. */
async function coldTimings(installation: InstallationUnderTest, asked: readonly Shape[]): Promise<Map<string, Timing>> {
  const ms = new Map(asked.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < COLD_ROUNDS; round++) {
    await installation.makeCold();
    const clients = clientsOf(urlOf(installation));
    await clients.query.ping({}); // The connection is not what is measured.
    await clients.stats.getStats({});
    for (const shape of asked) {
      const startMs = performance.now();
      await shape.ask(clients);
      ms.get(shape.name)!.push(performance.now() - startMs);
    }
  }
  return new Map([...ms].map(([name, values]) => [name, summary(values)]));
}

async function whileIngesting(
  installation: InstallationUnderTest,
  asked: readonly Shape[],
  recordsPerSecond: number,
): Promise<Map<string, Timing>> {
  const clients: Clients = clientsOf(urlOf(installation));
  const loading = openLoop(installation.address(), { recordsPerSecond, recordsPerBatch: 100, seconds: 60 });
  const found = await each(asked, (shape) => timed(shape, [clients], 10));
  const { failed } = await loading;
  if (failed > 0) throw new Error(`${failed} writes of the load failed`);
  return found;
}

async function each(asked: readonly Shape[], time: (shape: Shape) => Promise<Timing>): Promise<Map<string, Timing>> {
  const found = new Map<string, Timing>();
  for (const shape of asked) found.set(shape.name, await time(shape));
  return found;
}
