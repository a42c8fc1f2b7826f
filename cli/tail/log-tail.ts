import { Code, ConnectError } from "@connectrpc/connect";
import {
  type StoredLog,
  type TailEnd,
  TailEnd_Reason,
  type TailLagged,
  TailLagged_Reason,
  type TailLogsResponse,
} from "../../gen/logpulse/v1/query_service_pb.ts";
import { fullJitterMs } from "../../services/domain/full-jitter.ts";
import { CALL_TRIES_MAX } from "../../services/domain/limits.ts";
import type { Conditions } from "../asking/read-question.ts";
import { serverWords } from "../call-failure.ts";
import { mayPassLater, pause } from "../call-retries.ts";
import type { ServerConnection } from "../connection.ts";
import { amountText } from "../terminal/number-text.ts";

/** Where a tail begins: behind a cursor, or with what was received so long ago; without either with what comes now. */
export interface LogPlace {
  cursor?: string;
  history?: { seconds: bigint; nanos: number };
}

/** Where a tail's records go. */
export interface TailReader {
  /** Some records and the place behind them; there may be none. The tail goes on when it resolves. */
  take(logs: readonly StoredLog[], cursor: string): Promise<void>;
  /** Told in its place of a gap that cannot be filled: the log does not hold these records any more. */
  lose(gap: TailLogsResponse): Promise<void>;
  /** Told about cuts and gaps. */
  say(text: string): void;
}

/**
 * Follows the log over any number of connections. Every record is taken once, in the log's order: behind a cut it
 * goes on at the last cursor that was taken, and a range that the server left out, since we were slow, is fetched
 * before what is behind it.
 */
export class LogTail {
  /** Records are missing that the log does not hold any more. */
  hasLost = false;
  private readonly connection: ServerConnection;
  private readonly conditions: Conditions;
  private readonly reader: TailReader;
  private hasConnected = false;

  constructor(connection: ServerConnection, conditions: Conditions, reader: TailReader) {
    this.connection = connection;
    this.conditions = conditions;
    this.reader = reader;
  }

  /**
   * Resolves when the signal is aborted, or where `untilCursor` is reached.
   *
   * @throws ConnectError where no connection was ever made, or trying again does not help; what `take` throws.
   */
  async follow(from: LogPlace, signal: AbortSignal, untilCursor = ""): Promise<void> {
    const way: Way = { place: from, untilCursor, failures: 0, hasAnswered: false, isCutTold: false };
    while (!signal.aborted) {
      const cut = await this.followOnce(way, signal);
      if (cut === undefined || signal.aborted) return;
      if (cut === "") continue; // It went well for its time.
      way.hasAnswered = false;
      way.failures += 1;
      if (!way.isCutTold) this.reader.say(`${cut}; connecting again`);
      way.isCutTold = true;
      await pause(fullJitterMs(way.failures, Math.random()), signal);
    }
  }

  /**
   * One connection. Resolves to why it was cut off, "" where that is ordinary; undefined where the tail is at its
   * end.
   */
  private async followOnce(way: Way, signal: AbortSignal): Promise<string | undefined> {
    try {
      // A stream has no time of its own, so a server that nobody can reach is found out by a call that has.
      if (!this.hasConnected || way.failures > 0) await this.connection.query.ping({}, { signal });
      way.hasAnswered = true;
      const question = { ...this.conditions, ...way.place, untilCursor: way.untilCursor };
      for await (const answer of this.connection.query.tailLogs(question, { signal, timeoutMs: 0 })) {
        if (way.isCutTold) this.reader.say("connected again, going on where it was");
        this.hasConnected = true;
        way.failures = 0;
        way.isCutTold = false;
        if (answer.event.case === "end") return cutOf(answer.event.value);
        await this.pass(answer, signal);
        way.place = { cursor: answer.cursor };
      }
      return "the connection was cut off";
    } catch (reason) {
      if (signal.aborted && reason instanceof ConnectError) return undefined;
      if (!(reason instanceof ConnectError) || !this.mayGoOn(reason, way)) throw reason;
      return `the connection was cut off (${reason.rawMessage})`;
    }
  }

  private mayGoOn(error: ConnectError, { failures, hasAnswered }: Way): boolean {
    // What did not answer at all has been asked as often as calls are.
    if (!this.hasConnected) return hasAnswered && mayPassLater(error) && failures + 1 < CALL_TRIES_MAX;
    const isOfConnection = serverWords(error) === undefined && error.code !== Code.InvalidArgument;
    return mayPassLater(error) || isOfConnection;
  }

  private async pass(answer: TailLogsResponse, signal: AbortSignal): Promise<void> {
    const { event, cursor } = answer;
    if (event.case === "lagged") await this.passGap(answer, event.value, signal);
    if (signal.aborted && event.case === "lagged") return; // Perhaps not all of it: the place stays before the rest.
    await this.reader.take(event.case === "records" ? event.value.logs : [], cursor);
  }

  private async passGap(
    answer: TailLogsResponse,
    { reason, records, fromCursor, untilCursor }: TailLagged,
    signal: AbortSignal,
  ): Promise<void> {
    const count = records === undefined ? "some records" : amountText(records, "record");
    if (reason === TailLagged_Reason.LOG_RETENTION) {
      this.hasLost = true;
      this.reader.say(`${count} missing here: the log does not hold them any more`);
      await this.reader.lose(answer);
      return;
    }
    this.reader.say(`${count} missed here, not taken fast enough; fetching them`);
    await this.follow({ cursor: fromCursor }, signal, untilCursor);
    if (!signal.aborted) this.reader.say("fetched");
  }
}

interface Way {
  place: LogPlace;
  untilCursor: string;
  /** Connections in a row on which nothing came. */
  failures: number;
  /** On this connection, to a call. */
  hasAnswered: boolean;
  isCutTold: boolean;
}

function cutOf({ reason, message }: TailEnd): string | undefined {
  if (reason === TailEnd_Reason.DONE) return undefined;
  return reason === TailEnd_Reason.TIME_UP ? "" : `the server ended the tail (${message})`;
}
