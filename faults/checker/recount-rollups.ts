import { recordOf } from "../ledger/record-generator.ts";
import { clientsKey, type Rollups, seriesKey } from "./export-rollups.ts";
import { type Content, contentOf } from "./record-content.ts";
import { DROPPED } from "./record-flags.ts";
import { addRequest, type RequestSums, sumsAt, sumsText } from "./request-sums.ts";
import type { Samples } from "./samples.ts";
import type { SentRecords } from "./sent-records.ts";

/** What the statistics must say. */
export interface Recount {
  minutes: Map<string, RequestSums>;
  series: Map<string, RequestSums>;
  /** The addresses themselves. */
  clients: Map<string, Set<string>>;
}

const NANOS_PER_MINUTE = 60_000_000_000n;
const ESTIMATE_SHARE_MAX = 0.02;
const ESTIMATE_FEW_MAX = 3;

/** Counts the requests that MySQL holds, and the dropped ones that stand in the topic, each once, from the records as sent. */
export function recountRollups(sent: SentRecords): Recount {
  const recount: Recount = { minutes: new Map(), series: new Map(), clients: new Map() };
  sent.forEach((records, seq, flags) => {
    const place = flags & DROPPED ? "topic" : "mysql";
    if (records.found[place][seq] === 0) return;
    const content = contentOf(recordOf(records.source, seq));
    const time = content.timeNanos ?? records.givenTimes.get(seq);
    if (time !== undefined) count(recount, content, Number(time / NANOS_PER_MINUTE));
  });
  return recount;
}

function count({ minutes, series, clients }: Recount, { service, http }: Content, minute: number): void {
  if (!http) return;
  const [path = ""] = http.path.split("?", 1);
  addRequest(sumsAt(minutes, String(minute)), http);
  addRequest(sumsAt(series, seriesKey(minute, service, path)), http);
  if (http.clientIp === "") return;
  const key = clientsKey(minute, service);
  const addresses = clients.get(key) ?? new Set();
  clients.set(key, addresses.add(http.clientIp));
}

/** How many rows differ: sums in anything, distinct clients by more than 2 % and 3. */
export function compareRollups(stored: Rollups, recount: Recount, samples: Samples): number {
  return (
    differingSums("minute", stored.minutes, recount.minutes, samples) +
    differingSums("series", stored.series, recount.series, samples) +
    differingClients(stored.clients, recount.clients, samples)
  );
}

function differingSums(
  what: string,
  stored: ReadonlyMap<string, RequestSums>,
  wanted: ReadonlyMap<string, RequestSums>,
  samples: Samples,
): number {
  let differences = 0;
  for (const key of new Set([...stored.keys(), ...wanted.keys()])) {
    const [is, should] = [stored.get(key), wanted.get(key)].map((sums) => (sums ? sumsText(sums) : "nothing"));
    if (is === should) continue;
    differences++;
    samples.add(`statistics by ${what}`, `the ${what} ${key} of the statistics says ${is}; the records say ${should}`);
  }
  return differences;
}

function differingClients(
  stored: Rollups["clients"],
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  samples: Samples,
): number {
  let differences = 0;
  for (const key of new Set([...stored.keys(), ...wanted.keys()])) {
    const [is, should] = [stored.get(key)?.estimate() ?? 0, wanted.get(key)?.size ?? 0];
    if (Math.abs(is - should) <= ESTIMATE_SHARE_MAX * should + ESTIMATE_FEW_MAX) continue;
    differences++;
    samples.add("clients", `the statistics count ${is.toFixed(1)} clients at ${key}; the records have ${should}`);
  }
  return differences;
}
