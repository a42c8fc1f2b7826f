import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type TailLogsRequest,
  TailLogsRequestSchema,
  type TailLogsResponse,
  TailLogsResponseSchema,
} from "../../../gen/logpulse/v1/query_service_pb.ts";
import { MemoryEventLog } from "../../adapters/memory/event-log.ts";
import { MemoryEventLogFollower } from "../../adapters/memory/event-log-follower.ts";
import { LogPulseError } from "../../domain/errors.ts";
import { msToNanos } from "../../domain/record-time.ts";
import { readTailCursor, type TailPlace } from "../../domain/tail-cursor.ts";
import { type BatchToBuild, encodeBatch, newProducer } from "../../ports/build-logged-batch.ts";
import type { EventLogFollower } from "../../ports/event-log-follower.ts";
import type { Logger } from "../../ports/logger.ts";
import { ManualClock } from "../../ports/manual-clock.ts";
import type { CallContext } from "../../ports/service-handlers.ts";
import type { TailBounds } from "./tail-bounds.ts";
import { Tails } from "./tails.ts";

/** Lets everything run that does not wait for time. */
export async function settle(turns = 30): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** One tail that a test has opened, and its client, which can stop reading for a while. */
export class OpenTail {
  readonly answers: TailLogsResponse[] = [];
  readonly done: Promise<void>;
  private readonly gone = new AbortController();
  private blocked: PromiseWithResolvers<void> | undefined;

  constructor(tails: Tails, request: TailLogsRequest, tenant: string, client: string, stopping: AbortSignal) {
    const { signal } = this.gone;
    const context: CallContext = { tenant, client, signal, stopping };
    const send = async (answer: MessageInitShape<typeof TailLogsResponseSchema>) => {
      signal.throwIfAborted();
      this.answers.push(create(TailLogsResponseSchema, answer));
      await this.blocked?.promise;
      signal.throwIfAborted();
    };
    this.done = tails.tail(request, send, context);
    this.done.catch(() => undefined);
  }

  /** The client takes no further answer than the one under way. */
  block(): void {
    this.blocked ??= Promise.withResolvers();
  }

  unblock(): void {
    this.blocked?.resolve();
    this.blocked = undefined;
  }

  /** The client hangs up. Resolves when the tail is over. */
  async hangUp(): Promise<void> {
    this.gone.abort(new LogPulseError("cancelled", "the client hung up"));
    this.unblock();
    await this.done.catch(() => undefined);
  }

  get shown(): string[] {
    return this.answers
      .flatMap(({ event }) => (event.case === "records" ? event.value.logs : []))
      .map(({ record }) => record!.message);
  }

  /** The client has hung up. */
  get isGone(): boolean {
    return this.gone.signal.aborted;
  }

  get kinds(): (string | undefined)[] {
    return this.answers.map(({ event }) => event.case);
  }

  get last(): TailLogsResponse {
    return this.answers.at(-1)!;
  }
}

/** Tails over a log in memory, with a clock that stands still. */
export class TailsOnMemory {
  readonly clock = new ManualClock();
  readonly log: MemoryEventLog;
  readonly follower: EventLogFollower;
  readonly warnings: object[] = [];
  readonly tails: Tails;
  readonly stopping = new AbortController();
  private readonly opened: OpenTail[] = [];
  private readonly logger: Logger;

  constructor({
    partitions = 1,
    bounds = {},
    logBytesMax = 64 * 2 ** 20,
    follow = (follower: EventLogFollower) => follower,
  }: {
    partitions?: number;
    bounds?: Partial<TailBounds>;
    logBytesMax?: number;
    follow?: (follower: EventLogFollower) => EventLogFollower;
  } = {}) {
    this.log = new MemoryEventLog(partitions, logBytesMax);
    this.follower = follow(new MemoryEventLogFollower(this.log, this.clock));
    const note = (facts: object) => void this.warnings.push(facts);
    this.logger = { debug: note, info: note, warn: note, error: note };
    this.tails = new Tails({ follower: this.follower, clock: this.clock, logger: this.logger }, bounds);
  }

  /** Opens a tail and waits until it stands. */
  async open(request: MessageInitShape<typeof TailLogsRequestSchema> = {}, tenant = "default"): Promise<OpenTail> {
    const tail = this.start(request, tenant);
    await settle();
    return tail;
  }

  /** Opens a tail, in this process or in `tails` of another one. */
  start(
    request: MessageInitShape<typeof TailLogsRequestSchema> = {},
    tenant = "default",
    tails: Tails = this.tails,
    client = "test",
  ): OpenTail {
    const tail = new OpenTail(tails, create(TailLogsRequestSchema, request), tenant, client, this.stopping.signal);
    this.opened.push(tail);
    return tail;
  }

  /** Tails of another process that follows the same log. */
  another(follow: (follower: EventLogFollower) => EventLogFollower, bounds: Partial<TailBounds> = {}): Tails {
    return new Tails({ follower: follow(this.follower), clock: this.clock, logger: this.logger }, bounds);
  }

  /** One batch of records that say these messages, of a new producer unless given, received now. */
  async append(messages: readonly string[], batch: Partial<BatchToBuild> = {}): Promise<void> {
    const records = messages.map((message) => ({ message, service: "tailed" }));
    const receivedNanos = msToNanos(this.clock.nowMs());
    const whole = { tenant: "default", producer: newProducer(), records, receivedNanos, ...batch };
    await this.log.append(batch.partition ?? 0, [encodeBatch(whole)]);
    await settle();
  }

  /** Makes the log forget the oldest messages of a partition. Only with a small `logBytesMax`. */
  async trimTo(partition: number, offset: number, logBytesMax: number): Promise<void> {
    this.log.positionsOf("stored")[partition] = offset;
    await this.log.append(partition, [new Uint8Array(logBytesMax)]).catch(() => undefined); // It finds no room, but makes some.
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.map((tail) => tail.hangUp()));
  }
}

/** Where a cursor stands. */
export function placesOf(cursor: string): readonly TailPlace[] {
  return readTailCursor("cursor", cursor).places;
}
