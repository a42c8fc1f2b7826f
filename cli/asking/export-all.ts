import { Code, ConnectError } from "@connectrpc/connect";
import { type ExportEnd, Order, type StoredLog } from "../../gen/logpulse/v1/query_service_pb.ts";
import { fullJitterMs } from "../../services/domain/full-jitter.ts";
import { parseIdentity } from "../../services/domain/identity.ts";
import { nanosToTimestamp, timestampToNanos } from "../../services/domain/record-time.ts";
import { compareNewestFirst, type SortKey } from "../../services/domain/stored-record.ts";
import { mayPassLater, pause, withTries } from "../call-retries.ts";
import type { ServerConnection } from "../connection.ts";
import { fullCountText } from "../terminal/number-text.ts";
import type { FoundRecords, TakeRecord } from "./found-records.ts";
import type { AskedRecords } from "./read-question.ts";

/** Beside those that the server itself says may pass later. A ping that is not answered is a connection that is cut. */
const CUT: readonly Code[] = [Code.Aborted, Code.Canceled, Code.DeadlineExceeded, Code.Internal, Code.Unknown];

/**
 * Takes all records that are asked for, each once, however many. An export that the server ends early is gone on with
 * at its token, and one that was cut off behind the last record that came, as long as that brings anything within the
 * time of a call. `asked` should have an `endTime`, so that a later part means the same records. `say`: told of
 * interruptions.
 *
 * @throws ConnectError where not even the first record can be had; what `take` throws.
 */
export async function exportAll(
  connection: ServerConnection,
  asked: AskedRecords,
  take: TakeRecord,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<FoundRecords> {
  const place = new ExportPlace(asked);
  const takeNew: TakeRecord = async (log) => {
    if (place.pass(log)) await take(log);
  };
  let tries = 0;
  let progressMs = performance.now();
  for (;;) {
    const before = place.records;
    const ended = await onePart(connection, place, takeNew, signal);
    const { records } = place;
    if (ended.isComplete) return { records, isMore: false, missing: undefined };
    if (records > before) [tries, progressMs] = [0, performance.now()];
    const isTooLong = performance.now() - progressMs > connection.timeoutMs;
    if (isTooLong || !ended.mayGoOn || signal.aborted) return { records, isMore: false, missing: ended.reason };
    tries += 1;
    if (tries === 1) say(`-- ${ended.reason}; going on behind record ${fullCountText(records)}`);
    await pause(fullJitterMs(tries, Math.random()), signal);
  }
}

interface PartEnd {
  isComplete: boolean;
  reason: string;
  mayGoOn: boolean;
}

/** One export, to its end or until it is cut off. */
async function onePart(
  connection: ServerConnection,
  place: ExportPlace,
  take: TakeRecord,
  signal: AbortSignal,
): Promise<PartEnd> {
  const isFirst = place.isBeginning;
  const request = place.goOn();
  const begin = async () => {
    const answers = connection.query.exportLogs(request, { signal, timeoutMs: 0 })[Symbol.asyncIterator]();
    return { answers, first: await answers.next() };
  };
  try {
    // A stream has no time of its own, so a server that nobody can reach is found out by a call that has.
    await connection.query.ping({}, { signal });
    const { answers, first } = isFirst ? await withTries(connection.retries, begin, signal) : await begin();
    for (let next = first; !next.done; next = await answers.next()) {
      const { event } = next.value;
      if (event.case === "log") await take(event.value);
      if (event.case === "end") return place.end(event.value);
    }
    return { isComplete: false, reason: "the export was cut off", mayGoOn: true };
  } catch (reason) {
    if (!(reason instanceof ConnectError) || signal.aborted || place.isBeginning) throw reason;
    // Some records were taken: whatever ends it now, whoever has them is told that they are not all.
    return { isComplete: false, reason: `the export was cut off (${reason.rawMessage})`, mayGoOn: isCut(reason) };
  }
}

function isCut(error: ConnectError): boolean {
  return mayPassLater(error) || CUT.includes(error.code);
}

/** How far an export has come. */
class ExportPlace {
  /** That were passed. */
  records = 0;
  private asked: AskedRecords;
  /** Behind what came, of an export that the server ended; it goes with what was asked of that one. */
  private token = "";
  /** The last record: behind a cut those of its time come again, up to it. */
  private last: SortKey | undefined;

  constructor(asked: AskedRecords) {
    this.asked = asked;
  }

  get isBeginning(): boolean {
    return this.records === 0 && this.token === "";
  }

  /** Asks for what is still to come. */
  goOn(): AskedRecords & { resumeToken?: string } {
    if (this.token !== "") return { ...this.asked, resumeToken: this.token };
    if (this.last !== undefined) {
      this.asked = this.isOldestFirst
        ? { ...this.asked, startTime: nanosToTimestamp(this.last.timeNanos) }
        : { ...this.asked, endTime: nanosToTimestamp(this.last.timeNanos + 1n) };
    }
    return this.asked;
  }

  /** False for a record that was passed already. */
  pass({ id, record }: StoredLog): boolean {
    this.token = ""; // It stands before this record.
    const key = { timeNanos: timestampToNanos(record!.time!), ...parseIdentity(id) };
    if (this.last !== undefined && !this.isBehind(key, this.last)) return false;
    this.last = key;
    this.records += 1;
    return true;
  }

  private get isOldestFirst(): boolean {
    return this.asked.order === Order.OLDEST_FIRST;
  }

  private isBehind(key: SortKey, other: SortKey): boolean {
    const places = compareNewestFirst(key, other);
    return this.isOldestFirst ? places < 0 : places > 0;
  }

  end({ complete, reason, resumeToken }: ExportEnd): PartEnd {
    this.token = resumeToken;
    return { isComplete: complete, reason, mayGoOn: !this.isBeginning };
  }
}
