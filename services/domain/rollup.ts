import { hash } from "node:crypto";
import { LatencyHistogram } from "./latency-histogram.ts";
import { HTTP_STATUS_MAX } from "./limits.ts";
import type { LoggedRecord } from "./logged-batch.ts";
import type { HttpColumns, RecordColumns } from "./record-columns.ts";
import { sameBytes } from "./same-bytes.ts";
import { NumberReader, NumberWriter } from "./variable-length-number.ts";

const NANOS_PER_MINUTE = 60_000_000_000n;
const NANOS_PER_MS = 1_000_000;
const KEY_BYTES = 16;

/** Service and path of the series that takes what is over the limit. */
export const OTHER = "other";

/** Sums over HTTP requests. */
export interface Tally {
  requests: number;
  responseBytes: bigint;
  /** Requests of each status that occurred. */
  statuses: Map<number, number>;
  /** The latency sums are over the requests that have a latency. */
  latencyCount: number;
  latencySumNanos: bigint;
  latencyMaxNanos: bigint;
  /** Of fewer requests than `latencyCount` where some were counted by a version that had no histogram. */
  latencyBuckets: LatencyHistogram;
}

/** The requests of one service and path in one minute. */
export interface Series {
  service: string;
  /** Without the query: with it, nearly every request of some services would be a series of its own. */
  path: string;
  tally: Tally;
  /** The distinct client addresses. */
  clients: Set<string>;
}

/** The requests of one minute. */
export interface MinuteRollup {
  tally: Tally;
  /** By `seriesKey`. */
  series: Map<string, Series>;
}

/** Minutes since 1970, rounded down. */
export function minuteOf(timeNanos: bigint): number {
  const minute = timeNanos / NANOS_PER_MINUTE;
  return Number(timeNanos < 0n && timeNanos % NANOS_PER_MINUTE !== 0n ? minute - 1n : minute);
}

export function newTally(): Tally {
  return {
    requests: 0,
    responseBytes: 0n,
    statuses: new Map(),
    latencyCount: 0,
    latencySumNanos: 0n,
    latencyMaxNanos: 0n,
    latencyBuckets: new LatencyHistogram(),
  };
}

/** One that many others are added to: see LatencyHistogram.forTotals. */
export function newTotal(): Tally {
  return { ...newTally(), latencyBuckets: LatencyHistogram.forTotals() };
}

/** Counts one request. */
export function addRequest(tally: Tally, http: HttpColumns): void {
  tally.requests += 1;
  tally.responseBytes += http.responseBytes;
  // Ingest lets no other status through; a topic that somebody else writes to must not grow the map without end.
  const status = http.status >= 0 && http.status <= HTTP_STATUS_MAX ? http.status : 0;
  tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
  const nanos = http.latencyNanos;
  if (nanos === undefined) return;
  tally.latencyCount += 1;
  tally.latencySumNanos += nanos;
  if (nanos > tally.latencyMaxNanos) tally.latencyMaxNanos = nanos;
  tally.latencyBuckets.add(nanos);
}

/** Adds the requests of `more` to `tally`. */
export function addTally(tally: Tally, more: Tally): void {
  tally.requests += more.requests;
  tally.responseBytes += more.responseBytes;
  for (const [status, count] of more.statuses) tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + count);
  tally.latencyCount += more.latencyCount;
  tally.latencySumNanos += more.latencySumNanos;
  if (more.latencyMaxNanos > tally.latencyMaxNanos) tally.latencyMaxNanos = more.latencyMaxNanos;
  tally.latencyBuckets.merge(more.latencyBuckets);
}

/** The latencies of a tally in milliseconds; 0 where no request had one. */
export function latencyMs(tally: Tally): { count: number; averageMs: number; maxMs: number } {
  const count = tally.latencyCount;
  const averageMs = count === 0 ? 0 : Number(tally.latencySumNanos) / count / NANOS_PER_MS;
  return { count, averageMs, maxMs: Number(tally.latencyMaxNanos) / NANOS_PER_MS };
}

/** Status counts as bytes: status and count in turns, as variable-length numbers. */
export function encodeStatuses(statuses: ReadonlyMap<number, number>): Uint8Array {
  const writer = new NumberWriter();
  for (const [status, count] of statuses) {
    writer.write(status);
    writer.write(count);
  }
  return writer.finish();
}

/** Reads what `encodeStatuses` wrote. */
export function decodeStatuses(bytes: Uint8Array): Map<number, number> {
  const statuses = new Map<number, number>();
  for (const reader = new NumberReader(bytes); !reader.atEnd; ) statuses.set(reader.read(), reader.read());
  return statuses;
}

/**
 * What a series is stored under: 32 hexadecimal digits of SHA-256, since a path is longer than an index key may be.
 * It must never change: rows of all times are found by it.
 */
export function seriesKey(service: string, path: string): string {
  const text = `${Buffer.byteLength(service)}:${service}${path}`; // The length keeps "a" + "bc" and "ab" + "c" apart.
  return hash("sha256", text, "hex").slice(0, 2 * KEY_BYTES);
}

/** Sums the records that have `http` by minute, service and path without its query. */
export function rollUp(records: Iterable<LoggedRecord>): Map<number, MinuteRollup> {
  const sums = new RequestSums();
  for (const { columns, timeNanos } of records) {
    if (columns.http) sums.add(columns, columns.http, timeNanos);
  }
  return sums.finish();
}

/**
 * Sums requests, one after the other. Most requests are of the minute and the service of the one before, so those are
 * not looked for again; the key of a series, a hash, is made once; and a minute's sums are made of its series' at last.
 */
class RequestSums {
  private readonly minutes = new Map<number, MinuteRollup>();
  /** By minute and service, then by path. */
  private readonly series = new Map<string, Map<string, Series>>();
  private minute = Number.NaN;
  private minuteStart = 0n;
  private minuteEnd = 0n;
  private service: Uint8Array = new Uint8Array();
  private serviceText = "";
  private ofMinuteAndService = new Map<string, Series>();

  add({ service }: RecordColumns, http: HttpColumns, timeNanos: bigint): void {
    const isOfMinute = timeNanos >= this.minuteStart && timeNanos < this.minuteEnd;
    if (!isOfMinute || !sameBytes(service, this.service)) this.turnTo(service, timeNanos);
    const path = withoutQuery(textOf(http.path));
    const series = valueAt(this.ofMinuteAndService, path, () => newSeries(this.serviceText, path));
    addRequest(series.tally, http);
    if (http.clientIp.length > 0) series.clients.add(textOf(http.clientIp));
  }

  finish(): Map<number, MinuteRollup> {
    const keys = new Map<string, Map<string, string>>(); // By service and path: a path is usually there in many minutes.
    for (const [name, ofPath] of this.series) {
      const { tally, series } = this.minutes.get(Number.parseInt(name, 10))!;
      for (const one of ofPath.values()) {
        const keyOfPath = valueAt(keys, one.service, () => new Map<string, string>());
        series.set(
          valueAt(keyOfPath, one.path, () => seriesKey(one.service, one.path)),
          one,
        );
        addTally(tally, one.tally);
      }
    }
    return this.minutes;
  }

  private turnTo(service: Uint8Array, timeNanos: bigint): void {
    this.minute = minuteOf(timeNanos);
    this.minuteStart = BigInt(this.minute) * NANOS_PER_MINUTE;
    this.minuteEnd = this.minuteStart + NANOS_PER_MINUTE;
    this.service = service;
    this.serviceText = textOf(service);
    valueAt(this.minutes, this.minute, () => ({ tally: newTally(), series: new Map() }));
    this.ofMinuteAndService = valueAt(this.series, `${this.minute} ${this.serviceText}`, () => new Map());
  }
}

/**
 * Keeps a minute to at most `seriesMax` series beside the one of the rest: of those that are not in the store yet, the
 * busiest keep their own row as long as there is room, the others are added up under service and path `other`.
 *
 * `stored`: keys of the minute's series that the store has; `storedCount`: how many series it has for the minute.
 * @returns how many series are new to the store, the one of the rest not counted.
 */
export function limitSeries(
  minute: MinuteRollup,
  stored: { has(key: string): boolean },
  storedCount: number,
  seriesMax: number,
): number {
  const otherKey = seriesKey(OTHER, OTHER);
  const isNew = ([key]: [string, Series]) => key !== otherKey && !stored.has(key);
  const fresh = [...minute.series].filter(isNew).sort(busiestFirst);
  const room = Math.max(0, seriesMax - storedCount);
  for (const [key, series] of fresh.slice(room)) {
    minute.series.delete(key);
    const other = valueAt(minute.series, otherKey, () => newSeries(OTHER, OTHER));
    addTally(other.tally, series.tally);
    for (const client of series.clients) other.clients.add(client);
  }
  return Math.min(fresh.length, room);
}

/** The client addresses of each service, those of a minute's `other` series under that name. */
export function clientsByService({ series }: MinuteRollup): Map<string, Set<string>> {
  const clients = new Map<string, Set<string>>();
  for (const { service, clients: ofSeries } of series.values()) {
    if (ofSeries.size === 0) continue;
    const addresses = valueAt(clients, service, () => new Set<string>());
    for (const address of ofSeries) addresses.add(address);
  }
  return clients;
}

/** By key where they are equally busy, so that a repeated transaction decides alike. */
function busiestFirst([keyA, a]: [string, Series], [keyB, b]: [string, Series]): number {
  return b.tally.requests - a.tally.requests || (keyA < keyB ? -1 : 1);
}

/** RFC 3986 §3.4: the query begins behind the first "?". */
function withoutQuery(path: string): string {
  const end = path.indexOf("?");
  return end < 0 ? path : path.slice(0, end);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}

function newSeries(service: string, path: string): Series {
  return { service, path, tally: newTally(), clients: new Set() };
}

function valueAt<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
