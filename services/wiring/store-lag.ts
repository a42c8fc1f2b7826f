import { KafkaLogFollower } from "../adapters/kafka/event-log-follower.ts";
import { KafkaStorePositions } from "../adapters/kafka/store-positions.ts";
import type { Config, Sink } from "../config.ts";
import { systemClock } from "../runtime/system-clock.ts";
import type { WatermarkParts } from "../stats/watermark.ts";
import { eventLogSettings, storeGroup } from "./kafka-settings.ts";

/** How far a store has come in Kafka, and how far Kafka goes; connects when it is first asked. */
export function storeLag(sink: Sink, config: Config): { parts: WatermarkParts; close(): Promise<void> } {
  const log = eventLogSettings(config);
  const follower = new KafkaLogFollower(log);
  const positions = new KafkaStorePositions({ ...log, group: storeGroup(config, sink) });
  return {
    parts: { follower, positions, clock: systemClock },
    async close() {
      await follower.close();
      await positions.close();
    },
  };
}
