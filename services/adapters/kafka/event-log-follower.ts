import { setTimeout as sleep } from "node:timers/promises";
import { APPEND_MS_MAX, TAIL_FETCH_WAIT_MS_MAX } from "../../domain/limits.ts";
import type { LogMessage } from "../../ports/event-log.ts";
import type { EventLogFollower, LogExtent, LogPoint } from "../../ports/event-log-follower.ts";
import type { KafkaLogSettings } from "./event-log.ts";
import type { Fetched, FetchLane } from "./fetch-lane.ts";
import { FetchLanes } from "./fetch-lanes.ts";

/**
 * Follows a Kafka topic without a consumer group: it asks the leaders for messages by their offsets. The log's id is the
 * topic's, which Kafka draws anew where one is deleted and made again under its name.
 */
export class KafkaLogFollower implements EventLogFollower {
  private readonly topic: string;
  private readonly lanes: FetchLanes;

  /** Connects when it is first asked. */
  constructor(settings: KafkaLogSettings) {
    this.topic = settings.topic;
    this.lanes = new FetchLanes(settings, settings.topic);
  }

  extent(signal: AbortSignal): Promise<LogExtent> {
    return this.lanes.use(`say what ${this.topic} holds`, signal, async (lane) => {
      const { id } = await lane.topicNow();
      const starts = await lane.starts();
      const ends = await lane.ends(); // Behind it, so that no end lies before its start.
      return { logId: id, partitions: ends.map((end, partition) => ({ start: starts[partition]!, end })) };
    });
  }

  placesAt(timeMs: number, signal: AbortSignal): Promise<bigint[]> {
    return this.lanes.use(`find a time in ${this.topic}`, signal, async (lane) => {
      const ends = await lane.ends(); // First: what is appended from now on stands behind them.
      // A message has the time of its producer's clock, when the append began.
      const places = await lane.offsetsAt(BigInt(Math.max(0, Math.floor(timeMs) - APPEND_MS_MAX)));
      return places.map((place, partition) => (place < 0n ? ends[partition]! : place));
    });
  }

  async read(from: LogPoint, waitMsMax: number, signal: AbortSignal): Promise<LogMessage[]> {
    const deadline = performance.now() + waitMsMax;
    for (let place = from; ; ) {
      // Short looks: one that nobody waits for any more keeps its connection until it is over.
      const waitMs = Math.ceil(Math.min(Math.max(0, deadline - performance.now()), TAIL_FETCH_WAIT_MS_MAX));
      const { messages, next } = await this.lanes.use(`read ${this.topic}`, signal, (lane) =>
        look(lane, place, waitMs),
      );
      if (messages.length > 0 || (next === place.offset && performance.now() >= deadline)) return messages;
      place = { ...place, offset: next };
    }
  }

  close(): Promise<void> {
    return this.lanes.close();
  }
}

/** One look. Where retention has overtaken the place, nothing is found, and `next` is the log's first message. */
async function look(lane: FetchLane, place: LogPoint, waitMs: number): Promise<Fetched> {
  const fetched = await lane.fetch(place, waitMs);
  if (fetched) return fetched;
  const { id } = await lane.topicNow();
  if (id !== place.logId) throw new Error(`the topic's id is ${id} now, no longer ${place.logId}`);
  const start = (await lane.starts())[place.partition]!;
  if (start > place.offset) return { messages: [], next: start };
  await sleep(waitMs); // It lies behind the end, which may still come there.
  return { messages: [], next: place.offset };
}
