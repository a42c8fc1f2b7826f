import { recordOf } from "../ledger/record-generator.ts";
import { ClientSketch } from "./client-sketch.ts";
import { clientsKey, type Rollups, seriesKey } from "./export-rollups.ts";
import { type Content, contentOf } from "./record-content.ts";
import { DROPPED } from "./record-flags.ts";
import { addRequest, addSums, type RequestSums, sumsAt, sumsText } from "./request-sums.ts";
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

/** Which store has statistics. */
export type CountingStore = "mysql" | "sqlite";

/**
 * Counts the requests that the store holds, and the dropped ones that came to it, each once, from the records as sent. A
 * dropped one leaves no row: it stands in the topic, or the store says that it is settled.
 */
export function recountRollups(sent: SentRecords, store: CountingStore): Recount {
  const placeOfDropped = store === "mysql" ? "topic" : "settled";
  const recount: Recount = { minutes: new Map(), series: new Map(), clients: new Map() };
  sent.forEach((records, seq, flags) => {
    const place = flags & DROPPED ? placeOfDropped : store;
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

/** How many rows differ, in any sum or in any register of a sketch of clients. */
export function compareRollups(stored: Rollups, recount: Recount, samples: Samples): number {
  return (
    differingSums("minute", stored.minutes, recount.minutes, samples) +
    differingSums("series", stored.series, recount.series, samples) +
    differingSums("hour", stored.hours, hoursOf(recount, stored.hours), samples) +
    differingClients(stored.clients, recount.clients, samples)
  );
}

/** What those hours must say: not every hour is summed up. */
function hoursOf({ minutes }: Recount, some: ReadonlyMap<string, unknown>): Map<string, RequestSums> {
  const hours = new Map<string, RequestSums>();
  for (const [minute, sums] of minutes) {
    const hour = String(Math.floor(Number(minute) / 60));
    if (some.has(hour)) addSums(sumsAt(hours, hour), sums);
  }
  return hours;
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
    const [is, addresses] = [stored.get(key) ?? new ClientSketch(), wanted.get(key) ?? new Set<string>()];
    const should = new ClientSketch();
    for (const address of addresses) should.add(address);
    if (is.equals(should)) continue;
    differences++;
    const counted = `${is.estimate().toFixed(1)} clients where their sketch should count ${should.estimate().toFixed(1)}`;
    samples.add("clients", `the statistics count ${counted} at ${key}; the records have ${addresses.size}`);
  }
  return differences;
}
